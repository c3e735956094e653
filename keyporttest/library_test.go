package keyporttest_test

import (
	"crypto"
	"errors"
	"log/slog"
	"net/http"
	"testing"

	"github.com/seed57855a68/keyport"
	"github.com/seed57855a68/keyport/keyporttest"
)

// TestTheLibraryGetsItsTokensHere: the client that this package is made for, against
// each kind of server and with each credential that goes with it.
func TestTheLibraryGetsItsTokensHere(t *testing.T) {
	c := rsaCertificate()
	a, secret := newAuthority(t, func(app *keyporttest.App) { app.Certificates = c.Chain })
	a.AddHost("private.example")
	signer := keyport.ClientSigner(c.Signer, keyport.SignerOptions{Certificates: c.Chain})
	chain := keyport.ClientSigner(c.Signer, keyport.SignerOptions{Certificates: c.Chain, SendX5C: true})
	for _, row := range []struct {
		name       string
		authority  string
		issuer     string
		credential keyport.Credential
		scope      string
	}{
		{"Entra ID, secret", keyporttest.AuthorityURL, "", keyport.ClientSecret(secret), graph},
		{"Entra ID, certificate", keyporttest.AuthorityURL, "", signer, graph},
		{"Entra ID, chain", keyporttest.AuthorityURL, "", chain, graph},
		{"Entra ID under a name of its own", "https://private.example/" + keyporttest.TenantDomain, "", signer, graph},
		{"another cloud", "https://login.chinacloudapi.cn/" + keyporttest.TenantID, "", signer, graph},
		{"B2C, secret", keyporttest.B2CAuthorityURL, "", keyport.ClientSecret(secret), graph},
		{"B2C, certificate", keyporttest.B2CAuthorityURL, "", signer, graph},
		{"CIAM, secret", keyporttest.CIAMAuthorityURL, "", keyport.ClientSecret(secret), graph},
		{"CIAM, certificate", keyporttest.CIAMAuthorityURL, "", signer, graph},
		{"AD FS, secret", keyporttest.ADFSAuthorityURL, "", keyport.ClientSecret(secret), "https://api.example/read"},
		{"AD FS, certificate", keyporttest.ADFSAuthorityURL, "", signer, "https://api.example/read"},
		{"dSTS, certificate", keyporttest.DSTSAuthorityURL, "", signer, "https://api.example/.default"},
		{"a plain provider, secret", "", keyporttest.OIDCIssuer, keyport.ClientSecret(secret), "api:read"},
		{"a plain provider, certificate", "", keyporttest.OIDCIssuerPath, keyport.ClientSigner(c.Signer, keyport.SignerOptions{}), "api:read"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if row.name == "a plain provider, certificate" { // it knows keys by their id, and this one has none
				a.AddApp(keyporttest.App{ClientID: clientID, PublicKeys: map[string]crypto.PublicKey{"k": c.Signer.Public()}})
			}
			log := keyporttest.NewLogRecorder()
			client, err := keyport.NewConfidentialClient(keyport.ConfidentialClientConfig{
				ClientID: clientID, Authority: row.authority, OIDCAuthority: row.issuer, Credential: row.credential, Logger: slog.New(log),
				Ports: keyport.Ports{HTTPClient: a.Client(), Clock: a.Clock()},
			})
			if err != nil {
				t.Fatal(err)
			}
			got, err := client.AcquireTokenForClient(t.Context(), keyport.ClientCredentialsRequest{Scopes: []string{row.scope}})
			if err != nil {
				t.Fatal(err)
			}
			if got.AccessToken.IsZero() || !got.ExpiresOn.After(a.Clock().Now()) {
				t.Errorf("got %v", got)
			}
			keyporttest.AssertClean(t, a, "the result and the log", got, log.Text())
		})
	}
}

// TestAClientCanBeSearched: fmt looks far into one, as far as the authority's own
// client, which must not add secrets of its own.
func TestAClientCanBeSearched(t *testing.T) {
	a, secret := newAuthority(t, nil)
	client, err := keyport.NewConfidentialClient(keyport.ConfidentialClientConfig{
		ClientID: clientID, Authority: keyporttest.AuthorityURL, Credential: keyport.ClientSecret(secret),
		Ports: keyport.Ports{HTTPClient: a.Client(), Clock: a.Clock()},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.AcquireTokenForClient(t.Context(), keyport.ClientCredentialsRequest{Scopes: []string{graph}}); err != nil {
		t.Fatal(err)
	}
	if err := client.Close(t.Context()); err != nil { // nobody may be using it meanwhile
		t.Fatal(err)
	}
	keyporttest.AssertClean(t, a, "the client", client)
}

// TestTheLibraryUnderstandsRefusals: the codes lead the library to the remedy.
func TestTheLibraryUnderstandsRefusals(t *testing.T) {
	for name, row := range map[string]struct {
		authority, issuer string
		number            int
	}{
		"Entra ID": {authority: keyporttest.AuthorityURL, number: 7000215},
		"AD FS":    {authority: keyporttest.ADFSAuthorityURL},
		"B2C":      {authority: keyporttest.B2CAuthorityURL},
		"OIDC":     {issuer: keyporttest.OIDCIssuer},
	} {
		a, _ := newAuthority(t, nil)
		client, err := keyport.NewConfidentialClient(keyport.ConfidentialClientConfig{
			ClientID: clientID, Authority: row.authority, OIDCAuthority: row.issuer, Credential: keyport.ClientSecret(keyporttest.PlantSecret("wrong secret")),
			Ports: keyport.Ports{HTTPClient: a.Client(), Clock: a.Clock()},
		})
		if err != nil {
			t.Fatal(err)
		}
		_, err = client.AcquireTokenForClient(t.Context(), keyport.ClientCredentialsRequest{Scopes: []string{graph}})
		var refused *keyport.OAuthError
		if !errors.As(err, &refused) || !errors.Is(err, keyport.ErrInvalidClient) {
			t.Errorf("%s: got %v", name, err)
			continue
		}
		if row.number != 0 && (refused.StatusCode != http.StatusUnauthorized || !refused.HasCode(row.number) || refused.TraceID == "" || refused.Timestamp == "") {
			t.Errorf("%s: got %+v", name, *refused)
		}
		keyporttest.AssertClean(t, a, "the error", err)
	}
}
