//go:build e2e

package e2e_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/go-cmp/cmp"
)

func TestPeerPublishesWhatItsClientsNeed(t *testing.T) {
	type metadata struct {
		Issuer        string   `json:"issuer"`
		TokenEndpoint string   `json:"token_endpoint"`
		Methods       []string `json:"token_endpoint_auth_methods_supported"`
		Algorithms    []string `json:"token_endpoint_auth_signing_alg_values_supported"`
	}
	for _, path := range []string{"", "/tenant"} {
		t.Run("issuer path "+path, func(t *testing.T) {
			p := startPeer(t, peerOptions{path: path}, postClient, secretJWTClient)
			var got metadata
			p.getJSON(t, p.issuer+"/.well-known/openid-configuration", "", &got)
			want := metadata{
				Issuer: p.origin + path, TokenEndpoint: p.origin + path + "/token",
				Methods: []string{"client_secret_post", "client_secret_jwt"}, Algorithms: []string{"HS256"},
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("metadata (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPeerTakesEveryClientByItsRegisteredMethod(t *testing.T) {
	clients := everyClient(t)
	p := startPeer(t, peerOptions{}, clients...)
	for _, client := range clients {
		t.Run(client.ClientID, func(t *testing.T) {
			status, got := p.post(t, tokenRequest(t, p, client))
			if status != http.StatusOK {
				t.Fatalf("HTTP %d %s", status, got.Error)
			}
			want := owner{ClientID: client.ClientID, Scope: "api:read"}
			if diff := cmp.Diff(want, p.tokenOwner(t, "Bearer "+got.AccessToken)); diff != "" {
				t.Errorf("owner of the token (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPeerRefusesEverythingElse(t *testing.T) {
	clients := everyClient(t)
	p := startPeer(t, peerOptions{}, clients...)
	byID := func(id string) registration {
		return clients[slices.IndexFunc(clients, func(r registration) bool { return r.ClientID == id })]
	}
	otherWay := func(client registration, method, algorithm string) *http.Request {
		client.Method, client.Algorithm = method, algorithm
		return tokenRequest(t, p, client)
	}
	unencoded := tokenRequest(t, p, oddClient)
	unencoded.SetBasicAuth(oddClient.ClientID, oddClient.Secret)
	wrongSecret := basicClient
	wrongSecret.Secret = "wrong"

	for name, request := range map[string]*http.Request{
		"a wrong secret":                       tokenRequest(t, p, wrongSecret),
		"a method that was not registered":     otherWay(basicClient, "client_secret_post", ""),
		"an algorithm that was not registered": otherWay(byID("key-PS256"), "private_key_jwt", "RS256"),
		"odd characters that are not encoded":  unencoded,
	} {
		t.Run(name, func(t *testing.T) {
			status, got := p.post(t, request)
			if status != http.StatusUnauthorized || got.Error != "invalid_client" {
				t.Errorf("HTTP %d %q, want 401 invalid_client", status, got.Error)
			}
		})
	}
}

// tokenAnswer is a token response, or an error (RFC 6749 §5).
type tokenAnswer struct {
	AccessToken string `json:"access_token"`
	Error       string `json:"error"`
}

func (p *peer) post(t *testing.T, request *http.Request) (int, tokenAnswer) {
	t.Helper()
	var got tokenAnswer
	return p.do(t, request, &got), got
}

// tokenRequest writes a client credentials request by hand.
func tokenRequest(t *testing.T, p *peer, client registration) *http.Request {
	t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {"api:read"}}
	switch client.Method {
	case "client_secret_basic":
	case "client_secret_post":
		form.Set("client_id", client.ClientID)
		form.Set("client_secret", client.Secret)
	default:
		form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
		form.Set("client_assertion", assertion(t, p, client))
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.issuer+"/token", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if client.Method == "client_secret_basic" {
		request.SetBasicAuth(url.QueryEscape(client.ClientID), url.QueryEscape(client.Secret))
	}
	return request
}

// assertion signs what RFC 7523 §3 asks for, with the client's key or secret.
func assertion(t *testing.T, p *peer, client registration) string {
	t.Helper()
	key := jose.SigningKey{Algorithm: jose.SignatureAlgorithm(client.Algorithm), Key: []byte(client.Secret)}
	if client.signer != nil {
		key.Key = jose.JSONWebKey{Key: client.signer, KeyID: keyID}
	}
	signer, err := jose.NewSigner(key, nil)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	text, err := jwt.Signed(signer).Claims(jwt.Claims{
		Issuer: client.ClientID, Subject: client.ClientID, Audience: jwt.Audience{p.issuer}, ID: t.Name(),
		IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(time.Minute)),
	}).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}
