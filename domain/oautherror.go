package domain

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// The error codes of RFC 6749 §5.2, OIDC Core §3.1.2.6 and RFC 8628 §3.5 that callers branch on.
const (
	CodeInvalidClient          = "invalid_client"
	CodeInvalidGrant           = "invalid_grant"
	CodeInvalidRequest         = "invalid_request"
	CodeInvalidScope           = "invalid_scope"
	CodeUnauthorizedClient     = "unauthorized_client"
	CodeUnsupportedGrantType   = "unsupported_grant_type"
	CodeAccessDenied           = "access_denied"
	CodeInteractionRequired    = "interaction_required"
	CodeLoginRequired          = "login_required"
	CodeConsentRequired        = "consent_required"
	CodeTemporarilyUnavailable = "temporarily_unavailable"
	CodeServerError            = "server_error"
	CodeAuthorizationPending   = "authorization_pending"
	CodeSlowDown               = "slow_down"
	CodeExpiredToken           = "expired_token"
)

// The suberrors of Microsoft's servers that say something of a refresh token.
const (
	SubErrorBadToken       = "bad_token"       // it will never serve again
	SubErrorClientMismatch = "client_mismatch" // it is a family's that the client is not in
)

// OAuthError is a server's refusal (RFC 6749 §5.2), with what Microsoft's servers
// add to it. [errors.Is] tells through it what to do next.
type OAuthError struct {
	Code          string // "error"
	Description   Secret // "error_description": for people to read; may hold personal data, so it does not print
	URI           string // "error_uri": never opened
	SubError      string // "suberror"
	ErrorCodes    []int  // "error_codes": the numbers behind AADSTS
	Claims        string // "claims": the challenge to pass on to an interactive request
	CorrelationID string // of the request; give it to support
	TraceID       string // of the server's side
	Timestamp     string // as the server wrote it
	StatusCode    int    // HTTP status
	// RetryAfter is how long the server asks to wait; zero when it does not say.
	RetryAfter time.Duration
	// Operation names what was attempted: "acquire token for client".
	Operation string
}

// Error returns the codes and ids, and the remedy where one is known. It holds
// nothing of the description, which a server may fill with user names.
func (e *OAuthError) Error() string {
	var b strings.Builder
	if e.Operation != "" {
		b.WriteString(e.Operation + ": ")
	}
	if e.Code != CodeExpiredToken { // which the client finds out by its own clock, too
		b.WriteString("the server refused: ")
	}
	b.WriteString(e.Code)
	for _, c := range e.ErrorCodes {
		b.WriteString(" AADSTS" + strconv.Itoa(c))
	}
	if e.SubError != "" {
		b.WriteString(" (" + e.SubError + ")")
	}
	if remedy := e.Remedy(); remedy != "" {
		b.WriteString(": " + remedy)
	}
	b.WriteString(ids(e.CorrelationID, e.TraceID))
	return b.String()
}

// Is reports whether e is target, one of the sentinels of this package.
func (e *OAuthError) Is(target error) bool {
	switch target {
	case ErrInvalidClient:
		return e.Code == CodeInvalidClient || e.Code == CodeUnauthorizedClient
	case ErrInteractionRequired:
		return slices.Contains([]string{CodeInvalidGrant, CodeInteractionRequired, CodeLoginRequired, CodeConsentRequired, CodeExpiredToken}, e.Code)
	case ErrAccessDenied:
		return e.Code == CodeAccessDenied || e.Code == codeDeclined
	case ErrThrottled:
		return e.StatusCode == 429
	case ErrUnavailable:
		return e.StatusCode >= 500 || e.Code == CodeTemporarilyUnavailable || e.Code == CodeServerError
	}
	return false
}

// Remedy says what to do about the error, or "" when nothing general can be said.
func (e *OAuthError) Remedy() string {
	for _, c := range e.ErrorCodes {
		if r, ok := remedies[c]; ok {
			return r
		}
	}
	return codeRemedies[e.Code]
}

// HasCode reports whether the server named this AADSTS number.
func (e *OAuthError) HasCode(number int) bool { return slices.Contains(e.ErrorCodes, number) }

// remedies says who must do what, by AADSTS number, for the codes that an
// application meets when it acts for itself.
var remedies = map[int]string{
	700016:  "ClientID: no application of this id in the tenant; compare it with the app registration, or have an administrator of the tenant consent to the application",
	7000215: "Credential: the client secret is wrong; pass the secret's value, not its id, of this app registration",
	7000222: "Credential: the client secret has expired; create a new one in the app registration",
	7000218: "Credential: the server got none; a confidential client needs a secret, a certificate or an assertion",
	700027:  "Credential: the server could not verify the assertion; upload this certificate to the app registration, and with a chain send the leaf first, or the leaf alone",
	700024:  "Credential: the assertion is outside its validity; set this machine's clock",
	700023:  "Credential: the assertion is for another audience; leave aud alone in AssertionClaims",
	700021:  "Credential: the assertion names another application; iss and sub must be the client id",
	7000216: "Credential: the server got none; pass a secret, a certificate or an assertion",
	5002738: "Credential: the server does not take assertions of this algorithm; use an RSA key",
	5002723: "Credential: the assertion names no certificate; pass the certificate or its thumbprint with the key",
	50027:   "Credential: the assertion is no JWT that the server can read",
	50048:   "Credential: sub of the assertion must be its iss; leave both alone in AssertionClaims",
	50059:   "Authority: the request names no tenant; set Tenant, or put it into Authority",
	700211:  "Credential: no federated identity credential of the app registration matches the issuer of the assertion",
	700212:  "Credential: no federated identity credential of the app registration matches the audience of the assertion",
	700213:  "Credential: no federated identity credential of the app registration matches the subject of the assertion",
	90038:   "Authority: the tenant is in another cloud; use that cloud's authority, such as keyport.AuthorityURL(keyport.AzureUSGovernment, tenant)",
	90051:   "Authority: the name of the cloud is not known to the server",
	900382:  "Authority: the client or the user belongs to another cloud, and a confidential client cannot cross clouds; use the authority of the cloud that the app is registered in",
	900383:  "Authority: the user or the application belongs to a national cloud; use that cloud's authority",
	900432:  "Authority: the client or the user belongs to another cloud, and a confidential client cannot cross clouds; use the authority of the cloud that the app is registered in",
	900439:  "Authority: the tenant is in the US government's cloud; use keyport.AuthorityURL(keyport.AzureUSGovernment, tenant)",
	90002:   "Authority: no such tenant; check the tenant's name or GUID, and that the cloud is right",
	90023:   "the request is malformed; check extra parameters",
	900023:  "Authority: the tenant is neither a GUID nor a domain name",
	500011:  "Scopes: no such resource in the tenant; check the identifier in front of /.default",
	1002012: `Scopes: an application asks for "<resource>/.default"`,
	70011:   "Scopes: a scope is not valid for this resource",
	28000:   "Scopes: the scopes belong to several resources; ask for one resource at a time",
	900144:  "a required parameter is missing",
	53003:   "a Conditional Access policy blocks the access; ask the tenant's administrator",
	50001:   "Scopes: no such resource in the tenant; check the identifier in front of /.default",
	50034:   "the user does not exist in the tenant",
	65001:   "the user or an administrator has not consented to the application; sign in interactively with these scopes, without PromptNone, or ask an administrator to consent",
	65004:   "the user left, or declined what the application asks for; sign in again and accept",
	90094:   "only an administrator can consent to this; ask the tenant's administrator to",
	7000112: "the application is disabled in the tenant; ask its administrator",
}

const (
	codeDeclined    = "authorization_declined" // Microsoft's word for access_denied in the device flow
	remedyForDenial = "the user declined, or a policy forbids it; sign in again and accept, or ask the administrator"
)

// codeRemedies serves servers without numbers.
var codeRemedies = map[string]string{
	CodeInvalidClient:        "ClientID or Credential: the server does not accept them; compare both with the client's registration",
	CodeUnauthorizedClient:   "the client's registration does not allow this grant",
	CodeInvalidScope:         "Scopes: a scope is unknown to the server or not allowed for this client",
	CodeUnsupportedGrantType: "the server does not offer this flow",
	CodeExpiredToken:         "the code has expired before the user finished; begin a new flow",
	CodeAccessDenied:         remedyForDenial,
	codeDeclined:             remedyForDenial,
	CodeConsentRequired:      "the user has not consented to the application; sign in interactively with these scopes, without PromptNone",
	CodeLoginRequired:        "nobody is signed in at the server; sign in interactively, without PromptNone",
	CodeInteractionRequired:  "only the user can go on; sign in interactively, without PromptNone",
}
