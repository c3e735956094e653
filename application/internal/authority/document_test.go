package authority_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed57855a68/keyport/application/internal/authority"
	"github.com/seed57855a68/keyport/application/internal/strictjson"
	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/keyporttest"
)

// document is a good one for [keyporttest.OIDCIssuer], with changes; nil removes.
func document(changes map[string]any) string {
	const base = keyporttest.OIDCIssuer
	members := map[string]any{"issuer": base, "token_endpoint": base + "/token", "jwks_uri": base + "/keys"}
	for name, value := range changes {
		if members[name] = value; value == nil {
			delete(members, name)
		}
	}
	text, err := json.Marshal(members)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func TestTheDocument(t *testing.T) {
	const other = "https://elsewhere.example" // another host is no reason to refuse
	s := newSetup(authority.Options{})
	s.scriptMetadata(200, document(map[string]any{
		"token_endpoint": other + "/token?a=b", "authorization_endpoint": other + "/authorize", "device_authorization_endpoint": other + "/device",
		"userinfo_endpoint": other + "/me", "end_session_endpoint": other + "/bye", "revocation_endpoint": other + "/revoke", "jwks_uri": other + "/keys",
		"token_endpoint_auth_methods_supported": []string{"client_secret_jwt"}, "token_endpoint_auth_signing_alg_values_supported": []string{"ES256", "RS256"},
		"id_token_signing_alg_values_supported": []string{"PS256"}, "authorization_response_iss_parameter_supported": true, "unknown": map[string]any{"a": 1},
	}))
	want := domain.ServerMetadata{
		Issuer: keyporttest.OIDCIssuer, TokenEndpoint: other + "/token?a=b", AuthorizationEndpoint: other + "/authorize",
		DeviceAuthorizationEndpoint: other + "/device", UserInfoEndpoint: other + "/me", EndSessionEndpoint: other + "/bye",
		RevocationEndpoint: other + "/revoke", JWKSURI: other + "/keys",
		TokenEndpointAuthMethods: []string{"client_secret_jwt"}, TokenEndpointAuthSigningAlgs: []string{"ES256", "RS256"}, IDTokenSigningAlgs: []string{"PS256"},
		IssuerInResponse: true,
	}
	if diff := cmp.Diff(want, s.mustResolve(t, parseOIDC(t, keyporttest.OIDCIssuer))); diff != "" {
		t.Errorf("metadata (-want +got):\n%s", diff)
	}
}

func TestTheLeastDocument(t *testing.T) {
	s := newSetup(authority.Options{})
	s.scriptMetadata(200, document(map[string]any{"jwks_uri": nil, "issuer": keyporttest.OIDCIssuer + "/", "authorization_endpoint": "", "authorization_response_iss_parameter_supported": false}))
	want := domain.ServerMetadata{Issuer: keyporttest.OIDCIssuer + "/", TokenEndpoint: keyporttest.OIDCIssuer + "/token"}
	if diff := cmp.Diff(want, s.mustResolve(t, parseOIDC(t, keyporttest.OIDCIssuer))); diff != "" {
		t.Errorf("metadata (-want +got):\n%s", diff)
	}
}

func TestDocumentsThatAreRefused(t *testing.T) {
	with := func(name string, value any) string { return document(map[string]any{name: value}) }
	type refusal struct {
		name, body, field string
		cause             error
	}
	cases := []refusal{
		{"another issuer", with("issuer", "https://evil.example"), "issuer", nil},
		{"another path of the issuer", with("issuer", keyporttest.OIDCIssuerPath), "issuer", nil},
		{"issuer without TLS", with("issuer", "http://id.contoso.example"), "issuer", nil},
		{"issuer in capitals", with("issuer", "https://ID.contoso.example"), "issuer", nil},
		{"template for issuer", with("issuer", "https://id.contoso.example/{tenantid}"), "issuer", nil},
		{"no issuer", with("issuer", nil), "issuer", nil},
		{"empty issuer", with("issuer", ""), "issuer", nil},
		{"number for issuer", with("issuer", 1), "issuer", nil},
		{"list for issuer", with("issuer", []string{keyporttest.OIDCIssuer}), "issuer", nil},
		{"no token endpoint", with("token_endpoint", nil), "token_endpoint", nil},
		{"list that is a text", with("id_token_signing_alg_values_supported", "RS256"), "id_token_signing_alg_values_supported", nil},
		{"list of numbers", with("token_endpoint_auth_methods_supported", []int{1}), "token_endpoint_auth_methods_supported", nil},
		{"list with nothing in it", with("token_endpoint_auth_signing_alg_values_supported", []any{nil}), "token_endpoint_auth_signing_alg_values_supported", nil},
		{"page", "<html>canary-3e90</html>", "", strictjson.ErrNotObject},
		{"list of documents", "[" + document(nil) + "]", "", strictjson.ErrNotObject},
		{"text behind", document(nil) + "canary-3e90", "", strictjson.ErrNotObject},
		{"byte order mark", "\xef\xbb\xbf" + document(nil), "", strictjson.ErrNotUTF8},
		{"issuer twice", `{"issuer":"https://evil.example",` + document(nil)[1:], "", strictjson.ErrDuplicate},
		{"deep", `{"canary-3e90":` + strings.Repeat("[", 70) + strings.Repeat("]", 70) + "}", "", strictjson.ErrTooDeep},
	}
	for _, endpoint := range []string{
		"token_endpoint", "authorization_endpoint", "device_authorization_endpoint", "userinfo_endpoint", "end_session_endpoint", "revocation_endpoint", "jwks_uri",
	} {
		for _, value := range []any{
			"http://id.contoso.example/x", "file:///etc/passwd", "javascript:alert(1)", "data:,x", "/x", "x", "https:", "https://user:canary-3e90@id.contoso.example/x",
			"https://id.contoso.example/x#y", "https://id.contoso.example/\x00", 1, true, []string{"x"}, map[string]any{},
		} {
			cases = append(cases, refusal{endpoint, with(endpoint, value), endpoint, nil})
		}
	}
	a := parseOIDC(t, keyporttest.OIDCIssuer)
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			s := newSetup(authority.Options{})
			s.scriptMetadata(200, tt.body)
			for range 2 { // nothing is cached: the server is asked again
				bad := mustFail[*domain.ResponseError](t, s, a)
				if bad.Field != tt.field || bad.Operation != "metadata" || bad.Host != a.Host() || bad.Status != 200 || bad.Remedy != "check the OIDCAuthority" || !errors.Is(bad.Err, tt.cause) {
					t.Errorf("%.200s: got %+v, want field %q and cause %v", tt.body, *bad, tt.field, tt.cause)
				}
				if strings.Contains(bad.Error(), "canary-3e90") {
					t.Errorf("error shows the document: %v", bad)
				}
			}
			s.checkAsked(t, metadata, metadata) // and nothing else: no endpoint of the document
		})
	}
}

func TestADocumentMaySpeakForItsOwnKindOnly(t *testing.T) {
	for _, tt := range []struct {
		authority domain.Authority
		issuer    string
		ok        bool
	}{
		{parse(t, entraOnItsOwnHost), "https://login.contoso.example/" + keyporttest.TenantID + "/v2.0", true},
		{parse(t, "https://login.contoso.example/common"), "https://login.contoso.example/{tenantid}/v2.0", true},
		{parse(t, entraOnItsOwnHost), "https://login.microsoftonline.com/" + keyporttest.TenantID + "/v2.0", false},
		{parse(t, entraOnItsOwnHost), "https://login.contoso.example.evil.example/x/v2.0", false},
		{parse(t, keyporttest.CIAMAuthorityURL), "https://evil.example/" + keyporttest.TenantID + "/v2.0", false},
		{parse(t, keyporttest.B2CAuthorityURL), "https://login.microsoftonline.com/" + keyporttest.TenantID + "/v2.0", false},
		{parse(t, keyporttest.ADFSAuthorityURL), "https://adfs.contoso.example/adfs", true},
		{parse(t, keyporttest.ADFSAuthorityURL), "https://evil.example/adfs", false},
	} {
		s := newSetup(authority.Options{NoInstanceDiscovery: true})
		s.scriptMetadata(200, document(map[string]any{"issuer": tt.issuer, "token_endpoint": "https://" + tt.authority.Host() + "/token", "jwks_uri": nil}))
		if tt.ok {
			s.mustResolve(t, tt.authority)
		} else if bad := mustFail[*domain.ResponseError](t, s, tt.authority); bad.Field != "issuer" || bad.Remedy != "check the Authority" {
			t.Errorf("issuer %s for %v: got %v", tt.issuer, tt.authority, bad)
		}
	}
}

func TestStatusOfTheDocument(t *testing.T) {
	good := document(nil)
	for _, status := range []int{400, 401, 403, 404, 410} {
		s := newSetup(authority.Options{})
		s.scriptMetadata(status, good)
		bad := mustFail[*domain.ConfigError](t, s, parseOIDC(t, keyporttest.OIDCIssuer))
		if bad.Field != "OIDCAuthority" || !strings.Contains(bad.Problem, keyporttest.OIDCIssuer+"/.well-known/openid-configuration") || bad.Remedy == "" {
			t.Errorf("status %d: got %v, want it to name the field and the address", status, bad)
		}
	}
	for _, tt := range []struct {
		status int
		is     error
	}{{201, nil}, {204, nil}, {301, domain.ErrRedirectRefused}, {302, domain.ErrRedirectRefused}, {308, domain.ErrRedirectRefused}, {429, domain.ErrThrottled}, {500, domain.ErrUnavailable}, {503, domain.ErrUnavailable}} {
		s := newSetup(authority.Options{})
		s.server.Script(keyporttest.Rule{
			Endpoint: metadata, Status: tt.status, Body: good, Header: http.Header{"Location": {"https://evil.example/.well-known/openid-configuration"}},
		})
		bad := mustFail[*domain.ResponseError](t, s, parseOIDC(t, keyporttest.OIDCIssuer))
		if bad.Status != tt.status || (tt.is != nil && !errors.Is(bad, tt.is)) {
			t.Errorf("status %d: got %v, want %v", tt.status, bad, tt.is)
		}
		s.checkAsked(t, metadata)
	}
}

func TestAnUnknownTenant(t *testing.T) {
	s := newSetup(authority.Options{})
	bad := mustFail[*domain.ConfigError](t, s, parse(t, "https://fabrikam.ciamlogin.com"))
	if bad.Field != "Authority" || !strings.Contains(bad.Problem, "fabrikam") {
		t.Errorf("got %v, want it to name the field and the tenant", bad)
	}
}

func TestADocumentThatIsTooLarge(t *testing.T) {
	s := newSetup(authority.Options{})
	s.server.Script(keyporttest.Rule{Endpoint: metadata, Reader: func() io.Reader { return strings.NewReader(strings.Repeat(" ", 2<<20)) }})
	if bad := mustFail[*domain.ResponseError](t, s, parseOIDC(t, keyporttest.OIDCIssuer)); bad.Problem != "is larger than 1 MiB" {
		t.Errorf("got %v", bad)
	}
}

func TestARedirectOnTheSameHostIsFollowed(t *testing.T) {
	s := newSetup(authority.Options{})
	s.server.Script(keyporttest.Rule{
		Endpoint: metadata, Times: 1, Status: 301, Header: http.Header{"Location": {"/realms/one/.well-known/openid-configuration"}},
	}, keyporttest.Rule{Endpoint: metadata, Body: document(nil)})
	if m := s.mustResolve(t, parseOIDC(t, keyporttest.OIDCIssuer)); m.Issuer != keyporttest.OIDCIssuer {
		t.Errorf("issuer %q", m.Issuer)
	}
	s.checkAsked(t, metadata, metadata)
}
