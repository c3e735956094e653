package keyport_test

import (
	"context"
	"crypto"
	"net/http"
	"slices"
	"testing"

	"github.com/seed57855a68/keyport"
	"github.com/seed57855a68/keyport/keyporttest"
)

// TestColdStartsCountedInRequests: in the known clouds the first token costs one
// request, elsewhere the metadata and the token. A region by name costs nothing more,
// and neither does any credential.
func TestColdStartsCountedInRequests(t *testing.T) {
	const token, metadata, discovery, machine = keyporttest.EndpointToken, keyporttest.EndpointMetadata, keyporttest.EndpointInstanceDiscovery, keyporttest.EndpointInstanceMetadata
	const graph, own = "https://graph.microsoft.com/.default", "https://api.contoso.example/.default"
	type asked = []keyporttest.Endpoint
	rows := []coldStart{
		{name: "Entra ID", authority: keyporttest.AuthorityURL, want: asked{token}},
		{name: "Entra ID under an alias", authority: "https://login.windows.net/" + keyporttest.TenantDomain, want: asked{token}},
		{name: "Entra ID for the US government", authority: "https://login.microsoftonline.us/" + keyporttest.TenantDomain, want: asked{token}},
		{name: "Entra ID at a host of its own", authority: "https://login.contoso.example/" + keyporttest.TenantDomain, want: asked{discovery, metadata, token}},
		{name: "B2C", authority: keyporttest.B2CAuthorityURL, want: asked{metadata, token}},
		{name: "External ID", authority: keyporttest.CIAMAuthorityURL, want: asked{metadata, token}},
		{name: "AD FS", authority: keyporttest.ADFSAuthorityURL, scope: own, want: asked{metadata, token}},
		{name: "dSTS", authority: keyporttest.DSTSAuthorityURL, scope: own, want: asked{metadata, token}},
		{name: "OpenID Connect", issuer: keyporttest.OIDCIssuerPath, scope: "api:read", want: asked{metadata, token}},

		{name: "a region by name", authority: keyporttest.AuthorityURL, region: "westeurope", want: asked{token}},
		{name: "a region by REGION_NAME", authority: keyporttest.AuthorityURL, region: keyport.RegionAutoDetect, variable: "West Europe", want: asked{token}},
		{name: "a region by the machine", authority: keyporttest.AuthorityURL, region: keyport.RegionAutoDetect, machine: "westeurope", want: asked{machine, token}},
		{name: "a region outside Azure", authority: keyporttest.AuthorityURL, region: keyport.RegionAutoDetect, want: asked{machine, token}},
		{name: "a region that is down", authority: keyporttest.AuthorityURL, region: "westeurope", down: "westeurope.login.microsoft.com", want: asked{token, token}},
	}
	certificate := keyporttest.NewCertificate("my-app")
	for _, row := range rows {
		if row.scope == "" {
			row.scope = graph
		}
		for name, credential := range map[string]keyport.Credential{
			"secret":      keyport.ClientSecret("my-secret"),
			"certificate": keyport.ClientSigner(certificate.Signer, keyport.SignerOptions{Certificates: certificate.Chain}),
			"provider": keyport.CredentialFunc(func(context.Context, keyport.CredentialRequest) (keyport.Credential, error) {
				return keyport.ClientSecret("my-secret"), nil
			}),
		} {
			t.Run(row.name+", "+name, func(t *testing.T) { row.run(t, certificate, credential) })
		}
	}
}

// coldStart is a client that has nothing yet.
type coldStart struct {
	name, authority, issuer, scope  string
	region, variable, machine, down string
	want                            []keyporttest.Endpoint
}

func (row coldStart) run(t *testing.T, certificate keyporttest.Certificate, credential keyport.Credential) {
	authority := keyporttest.New(keyporttest.Options{})
	authority.AddApp(keyporttest.App{ClientID: "my-app", Secrets: []string{"my-secret"}, Certificates: certificate.Chain, PublicKeys: map[string]crypto.PublicKey{"one": certificate.Signer.Public()}})
	authority.AddHost("login.contoso.example")
	authority.SetRegion(row.machine)
	if row.down != "" {
		authority.Script(keyporttest.Rule{Host: row.down, Status: http.StatusServiceUnavailable})
	}
	app, err := keyport.NewConfidentialClient(keyport.ConfidentialClientConfig{
		ClientID: "my-app", Authority: row.authority, OIDCAuthority: row.issuer, Credential: credential, AzureRegion: row.region,
		Ports: keyport.Ports{
			HTTPClient: authority.Client(), Clock: authority.Clock(), Environment: keyporttest.Environment{"REGION_NAME": row.variable},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if sent := authority.Requests(); len(sent) != 0 {
		t.Errorf("the constructor sent %v", sent)
	}
	for range 2 { // the second time nothing is sent
		if _, err := app.AcquireTokenForClient(t.Context(), keyport.ClientCredentialsRequest{Scopes: []string{row.scope}}); err != nil {
			t.Fatal(err)
		}
	}
	var got []keyporttest.Endpoint
	for _, r := range authority.Requests() {
		got = append(got, r.Endpoint)
	}
	if !slices.Equal(got, row.want) {
		t.Errorf("requests: %v, want %v", got, row.want)
	}
}
