package keyporttest_test

import (
	"net/http"
	"net/url"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed57855a68/keyport/keyporttest"
)

// instanceURL asks about an authority.
func instanceURL(version, authority string) string {
	return "https://login.microsoftonline.com/common/discovery/instance?" + url.Values{
		"api-version": {version}, "authorization_endpoint": {authority + "/oauth2/v2.0/authorize"},
	}.Encode()
}

func TestInstanceDiscoveryKnowsTheClouds(t *testing.T) {
	a := keyporttest.New(keyporttest.Options{})
	got := get(t, a, instanceURL("1.1", "https://login.windows.net/contoso.onmicrosoft.com"))
	if got.status != http.StatusOK || got.text("api-version") != "1.1" {
		t.Fatalf("got %d %v", got.status, got.body)
	}
	if want := "https://login.windows.net/contoso.onmicrosoft.com/v2.0" + document; got.text("tenant_discovery_endpoint") != want {
		t.Errorf("tenant_discovery_endpoint is %q, want %q", got.text("tenant_discovery_endpoint"), want)
	}
	list, _ := got.body["metadata"].([]any)
	want := map[string]any{
		"preferred_network": "login.microsoftonline.com", "preferred_cache": "login.windows.net",
		"aliases": []any{"login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"},
	}
	if diff := cmp.Diff(want, list[0]); diff != "" {
		t.Errorf("the public cloud (-want +got):\n%s", diff)
	}
	for _, host := range []string{"login.partner.microsoftonline.cn", "login.microsoftonline.us"} {
		if !slices.ContainsFunc(list, func(c any) bool { return c.(map[string]any)["preferred_network"] == host }) {
			t.Errorf("%s is not in the list", host)
		}
	}
}

func TestInstanceDiscoveryVersionsAndEndpoints(t *testing.T) {
	a := keyporttest.New(keyporttest.Options{})
	if got := get(t, a, instanceURL("1.0", entraBase)); got.status != http.StatusOK || got.body["metadata"] != nil {
		t.Errorf("version 1.0: %d %v", got.status, got.body)
	}
	older := "https://login.microsoftonline.com/common/discovery/instance?api-version=1.1&authorization_endpoint=" + url.QueryEscape(entraBase+"/oauth2/authorize")
	if got, want := get(t, a, older).text("tenant_discovery_endpoint"), entraBase+document; got != want {
		t.Errorf("the older endpoint: %q, want %q", got, want)
	}
}

func TestInstanceDiscoveryVouchesForAddedHostsOnly(t *testing.T) {
	a := keyporttest.New(keyporttest.Options{})
	for _, host := range []string{"private.example", "login.microsoftonline.com.evil.example", "login.microsoftonline.com:8443"} {
		got := get(t, a, instanceURL("1.1", "https://"+host+"/contoso.onmicrosoft.com"))
		if got.status != http.StatusBadRequest || got.text("error") != "invalid_instance" || got.number() != 50049 {
			t.Errorf("%s: got %d %v", host, got.status, got.body)
		}
	}
	a.AddHost("Private.example")
	got := get(t, a, instanceURL("1.1", "https://private.EXAMPLE/contoso.onmicrosoft.com"))
	list, _ := got.body["metadata"].([]any)
	if got.status != http.StatusOK || !slices.ContainsFunc(list, func(c any) bool { return c.(map[string]any)["preferred_network"] == "private.example" }) {
		t.Errorf("after AddHost: %d %v", got.status, got.body)
	}
}

func TestInstanceDiscoveryWantsItsParameters(t *testing.T) {
	a := keyporttest.New(keyporttest.Options{})
	const base = "https://login.microsoftonline.com/common/discovery/instance"
	for _, query := range []string{"", "?api-version=1.1", "?authorization_endpoint=" + url.QueryEscape(entraBase), "?api-version=1.1&authorization_endpoint=%25zz"} {
		if got := get(t, a, base+query); got.status != http.StatusBadRequest || got.number() != 90014 {
			t.Errorf("%q: got %d %v", query, got.status, got.body)
		}
	}
}
