package domain

import (
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Prompt says what the server shows to the user (OIDC Core §3.1.2.1).
type Prompt string

// The prompts that are in use. Others pass through as they are.
const (
	PromptNone          Prompt = "none"           // nothing: fail if the user would have to act
	PromptLogin         Prompt = "login"          // credentials, although there is a session
	PromptConsent       Prompt = "consent"        // consent, although it was given
	PromptSelectAccount Prompt = "select_account" // a choice of accounts
	PromptCreate        Prompt = "create"         // registration (OpenID prompt create 1.0)
)

// ResponseMode says how the answer comes back to the redirect URI. Fragments never
// reach a server and are not offered.
type ResponseMode string

// The response modes.
const (
	ResponseModeQuery    ResponseMode = "query"     // in the URL's query; what servers do when asked for nothing
	ResponseModeFormPost ResponseMode = "form_post" // as a form in a POST: stays out of logs and histories
)

// MaxAgeNow asks for a sign-in right now, whatever session there is (max_age=0).
const MaxAgeNow time.Duration = -1

// AuthorizationRequest is what a user's browser carries to the authorization
// endpoint (RFC 6749 §4.1.1, OIDC Core §3.1.2.1).
type AuthorizationRequest struct {
	Endpoint      string
	ClientID      string
	ResponseType  string
	RedirectURI   string // "": the one that is registered
	Scopes        Scopes // decorated
	State         string
	Nonce         string // as it goes over the wire
	CodeChallenge string
	ResponseMode  ResponseMode
	Prompt        Prompt
	LoginHint     string
	DomainHint    string
	Claims        string
	MaxAge        time.Duration // 0: not sent; [MaxAgeNow]: 0 seconds
	Microsoft     bool          // the server knows Microsoft's parameters
	Extra         []Parameter
}

// URL returns the endpoint with the request in its query. What the endpoint has
// there already stays (RFC 6749 §3.1).
func (r AuthorizationRequest) URL() string {
	query := url.Values{}
	for _, p := range r.Extra {
		query.Set(p.Name, p.Value)
	}
	for _, p := range []struct{ name, value string }{
		{"client_id", r.ClientID},
		{"response_type", r.ResponseType},
		{"redirect_uri", r.RedirectURI},
		{"scope", r.Scopes.String()},
		{"state", r.State},
		{"nonce", r.Nonce},
		{"code_challenge", r.CodeChallenge},
		{"response_mode", string(r.ResponseMode)},
		{"prompt", string(r.Prompt)},
		{"login_hint", r.LoginHint},
		{"domain_hint", r.DomainHint},
		{"claims", r.Claims},
	} {
		if p.value != "" {
			query.Set(p.name, p.value)
		}
	}
	if r.CodeChallenge != "" {
		query.Set("code_challenge_method", "S256")
	}
	if r.MaxAge != 0 {
		query.Set("max_age", strconv.Itoa(int(max(0, r.MaxAge)/time.Second)))
	}
	if r.Microsoft {
		query.Set("client_info", "1")
		if r.LoginHint != "" { // routes the request to the user's data centre
			query.Set("X-AnchorMailbox", "UPN:"+r.LoginHint)
		}
	}
	separator := "?"
	if strings.Contains(r.Endpoint, "?") {
		separator = "&"
	}
	return r.Endpoint + separator + query.Encode()
}
