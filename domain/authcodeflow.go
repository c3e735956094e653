package domain

import (
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"time"
)

// AuthCodeFlow is a sign-in under way: what must be remembered between sending the
// user to the server and the answer. It holds secrets. It prints without them, but
// marshals to JSON with them, because it must survive in a session store: keep it
// on the server, or sealed. It serves once, and until ExpiresAt.
type AuthCodeFlow struct {
	// AuthorizationURL is where to send the user's browser.
	AuthorizationURL string
	// State is what the answer carries back; it finds the session when no cookie does.
	State string
	// ExpiresAt is the time after which an answer is refused.
	ExpiresAt time.Time

	CodeVerifier    Secret // RFC 7636
	Nonce           Secret // its hash is on the wire
	ClientID        string
	Authority       string // URL, with the tenant that was asked for
	Scopes          []string
	RedirectURI     string
	ClaimsChallenge string
	MaxAge          time.Duration
	// Issuer is who must have answered; "" when it is not known beforehand.
	Issuer string
	// IssuerInResponse says that the server always names itself (RFC 9207 §3).
	IssuerInResponse bool
}

// flowRecord is the flow in JSON.
type flowRecord struct {
	Version          int       `json:"version"`
	AuthorizationURL string    `json:"authorization_url"`
	State            string    `json:"state"`
	ExpiresAt        time.Time `json:"expires_at"`
	CodeVerifier     string    `json:"code_verifier"`
	Nonce            string    `json:"nonce"`
	ClientID         string    `json:"client_id"`
	Authority        string    `json:"authority"`
	Scopes           []string  `json:"scopes"`
	RedirectURI      string    `json:"redirect_uri,omitempty"`
	ClaimsChallenge  string    `json:"claims_challenge,omitempty"`
	MaxAge           int64     `json:"max_age,omitempty"` // nanoseconds; negative: now
	Issuer           string    `json:"issuer,omitempty"`
	IssuerInResponse bool      `json:"issuer_in_response,omitempty"`
}

const flowVersion = 1

// MarshalJSON implements [json.Marshaler] with the secrets in full.
func (f AuthCodeFlow) MarshalJSON() ([]byte, error) {
	return json.Marshal(flowRecord{
		Version: flowVersion, AuthorizationURL: f.AuthorizationURL, State: f.State, ExpiresAt: f.ExpiresAt,
		CodeVerifier: f.CodeVerifier.Reveal(), Nonce: f.Nonce.Reveal(), ClientID: f.ClientID, Authority: f.Authority,
		Scopes: f.Scopes, RedirectURI: f.RedirectURI, ClaimsChallenge: f.ClaimsChallenge, MaxAge: int64(f.MaxAge),
		Issuer: f.Issuer, IssuerInResponse: f.IssuerInResponse,
	})
}

// UnmarshalJSON implements [json.Unmarshaler].
func (f *AuthCodeFlow) UnmarshalJSON(text []byte) error {
	var r flowRecord
	if json.Unmarshal(text, &r) != nil { // its error would quote the text
		return errors.New("auth code flow: not the JSON of a flow")
	}
	if r.Version != flowVersion {
		return fmt.Errorf("auth code flow: version %d is not %d, which this program writes", r.Version, flowVersion)
	}
	*f = AuthCodeFlow{
		AuthorizationURL: r.AuthorizationURL, State: r.State, ExpiresAt: r.ExpiresAt,
		CodeVerifier: NewSecret(r.CodeVerifier), Nonce: NewSecret(r.Nonce), ClientID: r.ClientID, Authority: r.Authority,
		Scopes: r.Scopes, RedirectURI: r.RedirectURI, ClaimsChallenge: r.ClaimsChallenge, MaxAge: time.Duration(r.MaxAge),
		Issuer: r.Issuer, IssuerInResponse: r.IssuerInResponse,
	}
	return nil
}

// Format implements [fmt.Formatter] without secrets.
func (f AuthCodeFlow) Format(s fmt.State, _ rune) {
	_, _ = io.WriteString(s, "auth code flow "+Redacted)
}

// AuthorizationResponse is a good answer of the authorization endpoint.
type AuthorizationResponse struct {
	Code       Secret
	ClientInfo string // Microsoft's; "" from others
}

// Accept reads what reached the redirect URI. An answer that is not that of this
// flow is [ErrResponseMismatch] and tells nothing of the flow; the server's own
// refusal is an [*OAuthError]. Nothing of an answer is used before it has shown the
// flow's state.
func (f AuthCodeFlow) Accept(response url.Values, now time.Time) (AuthorizationResponse, error) {
	if f.State == "" {
		return AuthorizationResponse{}, mismatch("there is no sign-in under way; begin one")
	}
	// RFC 6749 §3.1: parameters must not be included more than once.
	for _, name := range []string{"state", "code", "error", "iss", "client_info"} {
		if len(response[name]) > 1 {
			return AuthorizationResponse{}, mismatch("a parameter occurs twice" + ignoreIt)
		}
	}
	if subtle.ConstantTimeCompare([]byte(response.Get("state")), []byte(f.State)) != 1 {
		return AuthorizationResponse{}, mismatch("the state is missing or another flow's" + ignoreIt)
	}
	if !now.Before(f.ExpiresAt) {
		return AuthorizationResponse{}, mismatch("the flow has expired; begin a new sign-in")
	}
	if problem := f.issuerProblem(response); problem != "" {
		return AuthorizationResponse{}, mismatch(problem + ignoreIt)
	}
	if response.Get("error") != "" {
		return AuthorizationResponse{}, refusalOf(response)
	}
	code := response.Get("code")
	if code == "" {
		return AuthorizationResponse{}, mismatch("there is neither a code nor an error" + ignoreIt)
	}
	return AuthorizationResponse{Code: NewSecret(code), ClientInfo: response.Get("client_info")}, nil
}

// ignoreIt is what to do with an answer that anybody may have made.
const ignoreIt = "; ignore it, or begin a new sign-in when a user waits"

func mismatch(why string) error { return fmt.Errorf("%w: %s", ErrResponseMismatch, why) }

// issuerProblem compares iss (RFC 9207 §2.4): always when it is there, and it must
// be there when the server has announced it.
func (f AuthCodeFlow) issuerProblem(response url.Values) string {
	iss, has := response.Get("iss"), response.Has("iss")
	switch {
	case !has && f.IssuerInResponse:
		return "the server's name (iss) is missing"
	case has && f.Issuer != "" && !issuerMatches(f.Issuer, iss):
		return "it is another server's (iss)"
	}
	return ""
}

// refusalOf reads an error response (RFC 6749 §4.1.2.1). It copies nothing else:
// whoever forged one cannot smuggle a token in.
func refusalOf(response url.Values) *OAuthError {
	code, description := response.Get("error"), response.Get("error_description")
	if !ValidErrorCode(code) {
		code = CodeServerError
	}
	return &OAuthError{
		Code: code, Description: NewSecret(description), URI: response.Get("error_uri"), SubError: b2cNumber(description),
		ErrorCodes: errorNumbers(description), Operation: "authorization endpoint",
	}
}

// LogValue implements [slog.LogValuer]: a flow marshals to JSON in full, and must not
// into a log.
func (f AuthCodeFlow) LogValue() slog.Value { return slog.StringValue("auth code flow " + Redacted) }
