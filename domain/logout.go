package domain

import (
	"net/url"
	"strings"
)

// LogoutRequest ends the user's session at the server (OpenID Connect RP-Initiated
// Logout 1.0 §2). The zero value of every field is its default.
type LogoutRequest struct {
	// IDTokenHint says whose session; a Result of a sign-in has it. It goes into the URL
	// in the clear, as the standard wants it.
	IDTokenHint Secret
	// LogoutHint says so too, for Entra ID: the login_hint claim of the ID token.
	LogoutHint string
	// PostLogoutRedirectURI is where the browser goes afterwards; it must be registered.
	// When empty, it stays at the server.
	PostLogoutRedirectURI string
	// State is carried back to it.
	State string
	// UILocales are the languages to speak to the user, such as "de en".
	UILocales string
}

// URL returns the end-session endpoint with the request in its query.
func (r LogoutRequest) URL(endpoint, clientID string) string {
	query := url.Values{}
	for _, p := range []struct{ name, value string }{
		{"client_id", clientID},
		{"id_token_hint", r.IDTokenHint.Reveal()},
		{"logout_hint", r.LogoutHint},
		{"post_logout_redirect_uri", r.PostLogoutRedirectURI},
		{"state", r.State},
		{"ui_locales", r.UILocales},
	} {
		if p.value != "" {
			query.Set(p.name, p.value)
		}
	}
	separator := "?"
	if strings.Contains(endpoint, "?") {
		separator = "&"
	}
	return endpoint + separator + query.Encode()
}
