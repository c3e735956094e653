package keyporttest_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/keyporttest"
)

func TestRequestsAreRecorded(t *testing.T) {
	a, secret := newAuthority(t, nil)
	get(t, a, documentURLs["Entra ID"])
	a.Clock().Advance(time.Minute)
	send(t, a, http.MethodPost, tokenURL+"?dc=eu", formOf(map[string]string{"client_secret": secret}).Encode(), func(r *http.Request) {
		r.Header.Set("X-Trace", "7")
	})
	if n := len(a.Requests()); n != 2 {
		t.Fatalf("%d requests, want 2", n)
	}
	if n := len(a.Requests(keyporttest.EndpointToken, keyporttest.EndpointMetadata)); n != 2 {
		t.Errorf("%d requests to two endpoints, want 2", n)
	}
	got := a.Requests(keyporttest.EndpointToken)[0]
	if got.Authority != entraBase || got.ClientID != clientID || got.Method != http.MethodPost || got.URL.String() != tokenURL+"?dc=eu" ||
		got.Header.Get("X-Trace") != "7" || got.Form.Get("client_secret") != secret || !got.Time.Equal(noon.Add(time.Minute)) {
		t.Errorf("recorded %v at %v of %q by %q", got, got.Time, got.Authority, got.ClientID)
	}
	if header, claims := got.Assertion(); header != nil || claims != nil {
		t.Error("there was no assertion")
	}
	a.Reset()
	if n := len(a.Requests()); n != 0 {
		t.Errorf("%d requests after Reset", n)
	}
}

func TestRequestsAreCopies(t *testing.T) {
	a, secret := newAuthority(t, nil)
	sent, err := http.NewRequestWithContext(t.Context(), http.MethodPost, tokenURL, strings.NewReader(formOf(map[string]string{"client_secret": secret}).Encode()))
	if err != nil {
		t.Fatal(err)
	}
	sent.Header.Set("X-Trace", "7")
	resp, err := a.RoundTripper().RoundTrip(sent)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	sent.Header.Set("X-Trace", "8")
	sent.URL.Path = "/another"
	for range 2 { // what a caller does to one does not show in the next
		got := a.Requests()[0]
		if got.Header.Get("X-Trace") != "7" || got.URL.String() != tokenURL || got.Form.Get("scope") != graph {
			t.Fatalf("recorded %v with %q", got.URL, got.Header.Get("X-Trace"))
		}
		got.Header["X-Trace"][0], got.URL.Path, got.Form["scope"][0] = "8", "/another", "another"
	}
}

func TestARequestPrintsWithoutItsValues(t *testing.T) {
	a, secret := newAuthority(t, nil)
	send(t, a, http.MethodPost, tokenURL+"?password="+url.QueryEscape(secret), formOf(map[string]string{"client_secret": secret}).Encode(), nil)
	request := a.Requests()[0]
	log := keyporttest.NewLogRecorder()
	slog.New(log).Info("got", "request", request)
	text, err := json.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	for _, printed := range []string{
		fmt.Sprint(request), fmt.Sprintf("%+v", request), fmt.Sprintf("%#v", request), fmt.Sprintf("%v", &request), string(text), log.Text(),
	} {
		if strings.Contains(printed, secret) || !strings.Contains(printed, "POST login.microsoftonline.com (token)") {
			t.Errorf("printed with the secret, or not as it should: %d bytes", len(printed))
		}
	}
	if got := fmt.Sprint(keyporttest.Request{}); got != "  ()" {
		t.Errorf("the zero request prints as %q", got)
	}
}

func TestSecretsAreWhatWasGivenAndIssued(t *testing.T) {
	a, secret := newAuthority(t, func(app *keyporttest.App) { app.ExpiredSecrets = []string{"last year's secret"} })
	token := post(t, a, tokenURL, map[string]string{"client_secret": secret}).text("access_token")
	jwt := hs256(t, map[string]any{"sub": clientID}, secret)
	post(t, a, tokenURL, map[string]string{"client_secret": "a wrong one", "client_assertion": jwt, "password": "p", "refresh_token": "r", "code": "c"})
	send(t, a, http.MethodPost, tokenURL, "", func(r *http.Request) { r.SetBasicAuth(clientID, "in%2Bthe+header") })
	want := []string{secret, "last year's secret", token, jwt, "a wrong one", "p", "r", "c", "in+the header"}
	has := func(value string) bool {
		return slices.ContainsFunc(a.Secrets(), func(s domain.Secret) bool { return s.Equal(domain.NewSecret(value)) })
	}
	for i, value := range want {
		if !has(value) {
			t.Errorf("secret %d of %d is not known", i, len(want))
		}
	}
	a.Reset()
	if has(token) || has(jwt) || !has(secret) {
		t.Error("Reset is to forget tokens and assertions, and nothing else")
	}
}

func TestARequestOverPlainHTTPIsRecordedAndRefused(t *testing.T) {
	a, _ := newAuthority(t, nil)
	_, err := a.Client().PostForm("http://login.microsoftonline.com/common/oauth2/v2.0/token", formOf(nil))
	if err == nil || !strings.Contains(err.Error(), "http is not https") {
		t.Errorf("got %v", err)
	}
	if got := a.Requests(); len(got) != 1 || got[0].URL.Scheme != "http" {
		t.Errorf("recorded: %v", got)
	}
}
