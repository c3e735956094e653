package keyporttest_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/seed57855a68/keyport"
	"github.com/seed57855a68/keyport/keyporttest"
)

// client returns a client of the library for an authority.
func (u users) client(authority, issuer string) *keyport.ConfidentialClient {
	u.t.Helper()
	app, err := keyport.NewConfidentialClient(keyport.ConfidentialClientConfig{
		ClientID: clientID, Authority: authority, OIDCAuthority: issuer, Credential: keyport.ClientSecret(u.secret),
		Ports: keyport.Ports{HTTPClient: u.Client(), Clock: u.Clock()},
	})
	if err != nil {
		u.t.Fatal(err)
	}
	u.t.Cleanup(func() { _ = app.Close(u.t.Context()) })
	return app
}

// signInBy is a sign-in by the library, in both response modes.
func (u users) signInBy(app *keyport.ConfidentialClient, r keyport.AuthCodeFlowRequest) (keyport.Result, error) {
	u.t.Helper()
	r.RedirectURI = callback
	flow, err := app.InitiateAuthCodeFlow(u.t.Context(), r)
	if err != nil {
		u.t.Fatal(err)
	}
	return app.AcquireTokenByAuthCodeFlow(u.t.Context(), flow, u.signIn(u.NewBrowser(), flow.AuthorizationURL, keyporttest.SignIn{}))
}

// TestTheLibrarySignsUsersInHere: the whole way, against each kind of server: sign-in,
// the cache, a refresh, a claims challenge, and a session that was revoked.
func TestTheLibrarySignsUsersInHere(t *testing.T) {
	scopes := []string{reports + "/read"}
	for name, at := range map[string]struct{ authority, issuer string }{
		"Entra ID": {keyporttest.AuthorityURL, ""}, "common": {"https://login.microsoftonline.com/common", ""},
		"an alias": {"https://login.windows.net/" + keyporttest.TenantID, ""},
		"B2C":      {keyporttest.B2CAuthorityURL, ""}, "CIAM": {keyporttest.CIAMAuthorityURL, ""}, "AD FS": {keyporttest.ADFSAuthorityURL, ""},
		"dSTS": {keyporttest.DSTSAuthorityURL, ""}, "OIDC": {"", keyporttest.OIDCIssuer}, "OIDC path": {"", keyporttest.OIDCIssuerPath},
	} {
		t.Run(name, func(t *testing.T) {
			u := newUsers(t, func(app *keyporttest.App) { app.RequireConsent = true })
			app := u.client(at.authority, at.issuer)
			for _, mode := range []keyport.ResponseMode{keyport.ResponseModeQuery, keyport.ResponseModeFormPost} {
				got, err := u.signInBy(app, keyport.AuthCodeFlowRequest{Scopes: scopes, ResponseMode: mode, MaxAge: keyport.MaxAgeNow})
				if err != nil {
					t.Fatalf("sign-in, %s: %v", mode, err)
				}
				if got.Account.IsZero() || got.IDToken.IsZero() || name != "B2C" && got.Account.Username != keyporttest.Username {
					t.Errorf("signed in somebody else: %v", got.Account)
				}
			}
			accounts, err := app.Accounts(t.Context(), keyport.AccountFilter{})
			if err != nil || len(accounts) != 1 {
				t.Fatalf("%d accounts, %v", len(accounts), err)
			}
			silent := func(r keyport.SilentRequest) (keyport.Result, error) {
				r.Scopes, r.Account = scopes, accounts[0]
				return app.AcquireTokenSilent(t.Context(), r)
			}
			if got, err := silent(keyport.SilentRequest{}); err != nil || got.Metadata.Source != keyport.SourceCache {
				t.Errorf("from the cache: %v", err)
			}
			for range 2 {
				u.Clock().Advance(2 * time.Hour)
				if got, err := silent(keyport.SilentRequest{}); err != nil || got.Metadata.Source != keyport.SourceIdentityProvider {
					t.Errorf("refreshed: %v", err)
				}
			}
			if _, err := silent(keyport.SilentRequest{ClaimsChallenge: `{"access_token":{"nbf":{"essential":true,"value":"1"}}}`}); err != nil {
				t.Errorf("with claims: %v", err)
			}
			u.RevokeSessions(keyporttest.Username)
			if _, err := silent(keyport.SilentRequest{ForceRefresh: true}); !errors.Is(err, keyport.ErrInteractionRequired) {
				t.Errorf("revoked: %v", err)
			}
		})
	}
}

// TestTheLibraryBelievesNoForgery: each of them makes the library refuse the token.
func TestTheLibraryBelievesNoForgery(t *testing.T) {
	for _, at := range []struct{ authority, issuer string }{{keyporttest.AuthorityURL, ""}, {keyporttest.CIAMAuthorityURL, ""}, {"", keyporttest.OIDCIssuer}} {
		u := newUsers(t, nil)
		app := u.client(at.authority, at.issuer)
		change := func(name string, value any) keyporttest.Forgery {
			return keyporttest.Forgery{Change: func(_, claims map[string]any) { claims[name] = value }}
		}
		for name, f := range map[string]keyporttest.Forgery{
			"stranger": {Signature: keyporttest.SignedByStranger}, "nobody": {Signature: keyporttest.SignedByNobody},
			"HMAC": {Signature: keyporttest.SignedByHMAC}, "edited": {Signature: keyporttest.SignedThenEdited},
			"aud": change("aud", "another"), "iss": change("iss", "https://evil.example"), "nonce": change("nonce", "another"),
			"exp": change("exp", noon.Add(-time.Hour).Unix()), "at_hash": change("at_hash", "another"), "c_hash": change("c_hash", "another"),
			"kid": {Change: func(header, _ map[string]any) { header["kid"] = "unknown" }},
		} {
			u.ForgeIDTokens(f)
			_, err := u.signInBy(app, keyport.AuthCodeFlowRequest{})
			var bad *keyport.ResponseError
			if !errors.As(err, &bad) {
				t.Errorf("%s%s, %s: %v", at.authority, at.issuer, name, err)
			}
		}
		u.ForgeIDTokens(keyporttest.Forgery{})
		if _, err := u.signInBy(app, keyport.AuthCodeFlowRequest{}); err != nil {
			t.Errorf("an honest one: %v", err)
		}
	}
}

// TestTheLibraryFollowsARotation: a key that is new is fetched.
func TestTheLibraryFollowsARotation(t *testing.T) {
	u := newUsers(t, nil)
	app := u.client(keyporttest.AuthorityURL, "")
	for range 2 {
		if _, err := u.signInBy(app, keyport.AuthCodeFlowRequest{}); err != nil {
			t.Fatal(err)
		}
		u.RotateKeys(keyporttest.Rotation{DropOld: true})
		u.Clock().Advance(10 * time.Minute)
	}
	if n := len(u.Requests(keyporttest.EndpointKeys)); n != 2 {
		t.Errorf("the keys were fetched %d times", n)
	}
}

// TestTheLibraryLeavesHere: userinfo, revocation and sign-out.
func TestTheLibraryLeavesHere(t *testing.T) {
	u := newUsers(t, nil)
	app := u.client("", keyporttest.OIDCIssuerPath)
	b := u.NewBrowser()
	flow, err := app.InitiateAuthCodeFlow(t.Context(), keyport.AuthCodeFlowRequest{RedirectURI: callback})
	if err != nil {
		t.Fatal(err)
	}
	got, err := app.AcquireTokenByAuthCodeFlow(t.Context(), flow, u.signIn(b, flow.AuthorizationURL, keyporttest.SignIn{}))
	if err != nil {
		t.Fatal(err)
	}
	info, err := app.UserInfo(t.Context(), got)
	if err != nil || info.Name != keyporttest.UserFullName {
		t.Errorf("user info: %v", err)
	}
	refresh := slices.IndexFunc(u.Requests(), func(r keyporttest.Request) bool { return r.Endpoint == keyporttest.EndpointRevocation })
	if err := app.RevokeTokens(t.Context(), got.Account); err != nil || refresh >= 0 {
		t.Errorf("revocation: %v", err)
	}
	if n := len(u.Requests(keyporttest.EndpointRevocation)); n != 1 {
		t.Errorf("%d revocations", n)
	}
	address, err := app.LogoutURL(t.Context(), keyport.LogoutRequest{IDTokenHint: got.IDToken, PostLogoutRedirectURI: callback, State: "bye"})
	if err != nil {
		t.Fatal(err)
	}
	if to, err := b.SignOut(address); err != nil || to != callback+"?state=bye" {
		t.Errorf("signed out to %q, %v", to, err)
	}
}
