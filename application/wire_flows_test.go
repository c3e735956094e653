package application_test

import (
	"time"

	"github.com/seed57855a68/keyport/application"
	"github.com/seed57855a68/keyport/domain"
)

// wireFlow does with this library what a peer was recorded doing.
type wireFlow func(*wireSession) (domain.Result, error)

// wireFlows are all that the library has, by the names of their recordings.
var wireFlows = map[string]wireFlow{
	"cc-adfs":                  appFlow{setup: labADFS, scope: "https://api.contoso.com/.default"}.run,
	"cc-app-name":              appFlow{setup: wireSetup{appName: "labapp", appVersion: "1.2.3"}}.run,
	"cc-assertion":             appFlow{setup: wireSetup{credential: byText}}.run,
	"cc-assertion-callback":    appFlow{setup: wireSetup{credential: byCallback}}.run,
	"cc-capabilities":          appFlow{setup: wireSetup{capabilities: labCapabilities}}.run,
	"cc-cert-x5c":              appFlow{setup: wireSetup{credential: bySentCertificate}}.run,
	"cc-cert-x5c-sha1":         appFlow{setup: wireSetup{credential: bySentCertificate}}.run,
	"cc-cert-x5t":              appFlow{setup: wireSetup{credential: byThumbprint}}.run,
	"cc-cert-x5t-s256":         appFlow{setup: wireSetup{credential: byCertificate}}.run,
	"cc-ciam":                  appFlow{setup: labCIAM}.run,
	"cc-claims":                appFlow{then: &application.ClientCredentialsRequest{ClaimsChallenge: labChallenge}}.run,
	"cc-claims-from-client":    appFlow{request: application.ClientCredentialsRequest{ClientClaims: labChallenge}}.run,
	"cc-error":                 appFlow{}.run,
	"cc-gov":                   appFlow{setup: wireSetup{authority: "https://login.microsoftonline.us/" + labTenant}}.run,
	"cc-http-429":              appFlow{then: &application.ClientCredentialsRequest{}}.run,
	"cc-http-500":              appFlow{}.run,
	"cc-no-instance-discovery": appFlow{setup: wireSetup{authority: "https://login.contoso.com/" + labTenant, noDiscovery: true}}.run,
	"cc-oidc":                  appFlow{setup: labOIDC, scope: "api/.default"}.run,
	"cc-refresh-in":            appFlow{then: &application.ClientCredentialsRequest{}, wait: 2 * time.Second}.run,
	"cc-region":                appFlow{setup: wireSetup{region: "westus2"}}.run,
	"cc-region-auto-env":       appFlow{setup: wireSetup{region: domain.RegionAutoDetect}}.run,
	"cc-secret":                appFlow{}.run,
	"cc-secret-twice":          appFlow{then: &application.ClientCredentialsRequest{}}.run,
	"cc-skip-cache":            appFlow{then: &application.ClientCredentialsRequest{ForceRefresh: true}}.run,
	"cc-tenant-override":       appFlow{request: application.ClientCredentialsRequest{Tenant: labOtherTenant}}.run,
	"cc-unknown-authority":     appFlow{setup: wireSetup{authority: "https://login.contoso.com/" + labTenant}}.run,

	"code-adfs":                 userFlow{setup: labADFS, scopes: []string{"https://api.contoso.com/read"}}.run,
	"code-b2c":                  userFlow{setup: labB2C, scopes: labB2CScopes}.run,
	"code-ciam":                 userFlow{setup: labCIAM}.run,
	"code-ciam-bare":            userFlow{setup: wireSetup{authority: "https://contoso.ciamlogin.com/"}}.run,
	"code-common":               userFlow{setup: wireSetup{authority: "https://login.microsoftonline.com/common"}}.run,
	"code-confidential":         userFlow{confidential: true}.run,
	"code-confidential-cert":    userFlow{confidential: true, setup: wireSetup{credential: byCertificate}}.run,
	"code-form-post":            userFlow{mode: domain.ResponseModeFormPost}.run,
	"code-oidc":                 userFlow{setup: labOIDC, scopes: []string{"api/read"}}.run,
	"code-oidc-explicit-scopes": userFlow{setup: labOIDC, scopes: []string{"openid", "offline_access", "api/read"}}.run,
	"code-public":               userFlow{}.run,

	"silent-b2c":                  userFlow{setup: labB2C, scopes: labB2CScopes, wait: labShortLife, then: &application.SilentRequest{}}.run,
	"silent-cached":               userFlow{then: &application.SilentRequest{}}.run,
	"silent-claims":               userFlow{setup: wireSetup{capabilities: labCapabilities}, then: &application.SilentRequest{ClaimsChallenge: labChallenge}}.run,
	"silent-expired":              userFlow{wait: labShortLife, then: &application.SilentRequest{}}.run,
	"silent-expired-confidential": userFlow{confidential: true, wait: labShortLife, then: &application.SilentRequest{}}.run,
	"silent-force":                userFlow{then: &application.SilentRequest{ForceRefresh: true}}.run,
	"silent-oidc":                 userFlow{setup: labOIDC, scopes: []string{"api/read"}, wait: labShortLife, then: &application.SilentRequest{}}.run,
	"silent-other-scope":          userFlow{then: &application.SilentRequest{Scopes: []string{"Files.Read"}}}.run,

	"obo-claims":       oboFlow{setup: wireSetup{capabilities: labCapabilities}, challenge: labChallenge, times: 1}.run,
	"obo-secret":       oboFlow{times: 1}.run,
	"obo-secret-twice": oboFlow{times: 2}.run,

	"refresh-by-token": refreshByToken,
}

var (
	labADFS         = wireSetup{authority: "https://adfs.contoso.com/adfs"}
	labB2C          = wireSetup{authority: "https://contoso.b2clogin.com/contoso.onmicrosoft.com/B2C_1_signin"}
	labCIAM         = wireSetup{authority: "https://contoso.ciamlogin.com/contoso.onmicrosoft.com"}
	labOIDC         = wireSetup{oidcAuthority: "https://idp.contoso.com/tenant"}
	labB2CScopes    = []string{"https://contoso.onmicrosoft.com/api/read"}
	labCapabilities = []string{"cp1", "cp2"}
)

// appFlow is one or two calls for the application's own token.
type appFlow struct {
	setup   wireSetup
	scope   string // "": Microsoft Graph's
	request application.ClientCredentialsRequest
	then    *application.ClientCredentialsRequest
	wait    time.Duration // between the calls
}

func (f appFlow) run(s *wireSession) (domain.Result, error) {
	client := s.confidential(f.setup)
	if f.scope == "" {
		f.scope = graph
	}
	f.request.Scopes = []string{f.scope}
	result, err := client.AcquireTokenForClient(s.t.Context(), f.request)
	if f.then == nil {
		return result, err
	}
	s.clock.Advance(f.wait)
	then := *f.then
	then.Scopes = f.request.Scopes
	return client.AcquireTokenForClient(s.t.Context(), then)
}

// userFlow is a sign-in, and perhaps a silent call afterwards.
type userFlow struct {
	setup        wireSetup
	confidential bool
	mode         domain.ResponseMode
	scopes       []string      // nil: Microsoft Graph's
	wait         time.Duration // after the sign-in
	then         *application.SilentRequest
}

func (f userFlow) run(s *wireSession) (domain.Result, error) {
	var client userClient = s.public(f.setup)
	if f.confidential {
		client = s.confidential(f.setup)
	}
	if f.scopes == nil {
		f.scopes = labScopes
	}
	result, err := s.signIn(client, application.AuthCodeFlowRequest{Scopes: f.scopes, ResponseMode: f.mode})
	if err != nil || f.then == nil {
		return result, err
	}
	s.clock.Advance(f.wait)
	then := *f.then
	then.Account = result.Account
	if then.Scopes == nil {
		then.Scopes = f.scopes
	}
	return client.AcquireTokenSilent(s.t.Context(), then)
}

// oboFlow is a web API's call for its user.
type oboFlow struct {
	setup     wireSetup
	challenge string
	times     int
}

func (f oboFlow) run(s *wireSession) (result domain.Result, err error) {
	client := s.confidential(f.setup)
	for range f.times {
		result, err = client.AcquireTokenOnBehalfOf(s.t.Context(), application.OnBehalfOfRequest{
			UserAssertion: domain.NewSecret("lab.user.assertion"), Scopes: labScopes, ClaimsChallenge: f.challenge,
		})
	}
	return result, err
}

func refreshByToken(s *wireSession) (domain.Result, error) {
	return s.public(wireSetup{}).AcquireTokenByRefreshToken(s.t.Context(), application.RefreshTokenRequest{
		RefreshToken: domain.NewSecret("lab-old-refresh-token"), Scopes: labScopes,
	})
}
