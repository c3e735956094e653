package keyport

import (
	"github.com/seed57855a68/keyport/application"
	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/ports"
)

// Clients and requests. The linked types hold the documentation.
type (
	// ConfidentialClient acquires tokens for a client that can keep a secret.
	ConfidentialClient = application.ConfidentialClient
	// ConfidentialClientConfig configures one.
	ConfidentialClientConfig = application.ConfidentialClientConfig
	// PublicClient acquires tokens of users for a client that cannot keep a secret.
	PublicClient = application.PublicClient
	// PublicClientConfig configures one.
	PublicClientConfig = application.PublicClientConfig
	// ClientCredentialsRequest asks for a token of the application itself.
	ClientCredentialsRequest = application.ClientCredentialsRequest
	// AuthCodeFlowRequest begins a sign-in in a browser.
	AuthCodeFlowRequest = application.AuthCodeFlowRequest
	// AuthCodeFlow is a sign-in under way; keep it in the session.
	AuthCodeFlow = domain.AuthCodeFlow
	// AuthorizationURLRequest makes an authorization URL by itself.
	AuthorizationURLRequest = application.AuthorizationURLRequest
	// AuthorizationCodeRequest redeems an authorization code.
	AuthorizationCodeRequest = application.AuthorizationCodeRequest
	// SilentRequest asks for a user's token without the user.
	SilentRequest = application.SilentRequest
	// AccountFilter chooses accounts.
	AccountFilter = application.AccountFilter
	// RefreshTokenRequest takes over a refresh token from elsewhere.
	RefreshTokenRequest = application.RefreshTokenRequest
	// OnBehalfOfRequest asks for a token of the user who called a web API.
	OnBehalfOfRequest = application.OnBehalfOfRequest
	// LongRunningRequest goes on with work for such a user.
	LongRunningRequest = application.LongRunningRequest
	// DeviceFlowRequest begins a sign-in on another device.
	DeviceFlowRequest = application.DeviceFlowRequest
	// DeviceFlow is one under way.
	DeviceFlow = domain.DeviceFlow
	// InteractiveRequest signs a user in in the browser of this machine.
	InteractiveRequest = application.InteractiveRequest
	// LogoutRequest ends the user's session at the server.
	LogoutRequest = domain.LogoutRequest
	// Ports are what a client needs from the outside world.
	Ports = application.Ports
	// Hooks take part in token requests.
	Hooks = application.Hooks
	// TokenRequestInfo tells a hook what a token request is for.
	TokenRequestInfo = application.TokenRequestInfo
	// Observer is told what happened, for metrics and traces.
	Observer = ports.Observer
	// Event is what it is told: an [AcquisitionEvent], a [CacheEvent] or a [RefreshEvent].
	Event = domain.Event
	// AcquisitionEvent tells how one acquisition ended.
	AcquisitionEvent = domain.AcquisitionEvent
	// CacheEvent tells how one operation of the token cache went.
	CacheEvent = domain.CacheEvent
	// RefreshEvent tells how one renewal in the background ended.
	RefreshEvent = domain.RefreshEvent
	// TokenSource is what the rest of a program asks for tokens.
	TokenSource = ports.TokenSource
	// TokenRequest asks a [TokenSource] for a token.
	TokenRequest = domain.TokenRequest
)

// Credentials.
type (
	// Credential is how a confidential client proves who it is.
	Credential = application.Credential
	// SignerOptions describe a key for client assertions.
	SignerOptions = application.SignerOptions
	// AssertionRequest tells an assertion callback what the assertion is for.
	AssertionRequest = application.AssertionRequest
	// CredentialRequest tells a credential provider what the credential is for.
	CredentialRequest = application.CredentialRequest
	// ClientAuthMethod is how a credential is sent (RFC 7591 §2).
	ClientAuthMethod = application.ClientAuthMethod
)

// The ways to send a credential.
const (
	ClientSecretBasic = application.ClientSecretBasic
	ClientSecretPost  = application.ClientSecretPost
	ClientSecretJWT   = application.ClientSecretJWT
	PrivateKeyJWT     = application.PrivateKeyJWT
)

// Values.
type (
	// Result is a token and what is known about it.
	Result = domain.Result
	// Secret is a string that does not print.
	Secret = domain.Secret
	// Scopes is a set of OAuth scopes.
	Scopes = domain.Scopes
	// Account is a user as one tenant knows them.
	Account = domain.Account
	// Parameters are extra parts of a token request.
	Parameters = domain.Parameters
	// Parameter is one of them.
	Parameter = domain.Parameter
	// ServerMetadata is what an authority publishes about itself (RFC 8414).
	ServerMetadata = domain.ServerMetadata
	// Cloud is the login host of a Microsoft cloud.
	Cloud = domain.Cloud
	// CloudInfo describes a cloud by its hosts.
	CloudInfo = domain.CloudInfo
	// RegionDetails say which region a token came from.
	RegionDetails = domain.RegionDetails
	// IDTokenClaims are what an ID token says of the user.
	IDTokenClaims = domain.IDTokenClaims
	// UserInfo is what an authority knows of a user.
	UserInfo = domain.UserInfo
	// Prompt says what the server shows to the user.
	Prompt = domain.Prompt
	// ResponseMode says how the answer of a sign-in comes back.
	ResponseMode = domain.ResponseMode
	// Scheme is how an access token is presented, when not as a bearer token.
	Scheme = domain.Scheme
	// PoP asks for a token that is bound to one HTTP request.
	PoP = domain.PoP
)

// What to show to a user who signs in, and how the answer comes back.
const (
	PromptNone           = domain.PromptNone
	PromptLogin          = domain.PromptLogin
	PromptConsent        = domain.PromptConsent
	PromptSelectAccount  = domain.PromptSelectAccount
	PromptCreate         = domain.PromptCreate
	ResponseModeQuery    = domain.ResponseModeQuery
	ResponseModeFormPost = domain.ResponseModeFormPost
	// MaxAgeNow has the user sign in again, whatever session there is.
	MaxAgeNow = domain.MaxAgeNow
)

// The tenants of Entra ID that stand for more than one.
const (
	TenantCommon        = domain.TenantCommon
	TenantOrganizations = domain.TenantOrganizations
	TenantConsumers     = domain.TenantConsumers
)

// The Microsoft clouds.
const (
	AzurePublic       = domain.AzurePublic
	AzureUSGovernment = domain.AzureUSGovernment
	AzureChina        = domain.AzureChina
	AzureBleu         = domain.AzureBleu
	AzureDelos        = domain.AzureDelos
	AzureGovSG        = domain.AzureGovSG
)

// What AzureRegion may be besides the name of a region, and what came of it.
const (
	RegionAutoDetect  = domain.RegionAutoDetect
	RegionDisabled    = domain.RegionDisabled
	RegionUsed        = domain.RegionUsed
	RegionNotDetected = domain.RegionNotDetected
	RegionFellBack    = domain.RegionFellBack
)

// Where a token came from.
const (
	SourceCache            = domain.SourceCache
	SourceIdentityProvider = domain.SourceIdentityProvider
)

// Errors, for [errors.As].
type (
	// ConfigError says that an argument cannot be used; it names the field and the remedy.
	ConfigError = domain.ConfigError
	// OAuthError is a server's refusal (RFC 6749 §5.2).
	OAuthError = domain.OAuthError
	// ResponseError says that a server's answer cannot be used.
	ResponseError = domain.ResponseError
	// TransportError says that a request was not answered.
	TransportError = domain.TransportError
	// ThrottledError says that a request was not sent, and until when none will be.
	ThrottledError = domain.ThrottledError
)

// Errors, for [errors.Is]: what to do now.
var (
	ErrInteractionRequired  = domain.ErrInteractionRequired  // start an interactive flow
	ErrTokenNotCached       = domain.ErrTokenNotCached       // nothing was sent
	ErrAccessDenied         = domain.ErrAccessDenied         // asking again does not help
	ErrInvalidClient        = domain.ErrInvalidClient        // correct the client id or credential
	ErrUnavailable          = domain.ErrUnavailable          // try again later
	ErrThrottled            = domain.ErrThrottled            // try again after the pause
	ErrResponseMismatch     = domain.ErrResponseMismatch     // ignore it
	ErrRedirectRefused      = domain.ErrRedirectRefused      // check the authority
	ErrAuthorizationPending = domain.ErrAuthorizationPending // poll again later
	ErrClientClosed         = domain.ErrClientClosed         // after Close
)

// AuthorityURL returns the authority of a tenant in a Microsoft cloud.
func AuthorityURL(c Cloud, tenant string) string { return domain.AuthorityURL(c, tenant) }

// ParseServerMetadata reads a saved metadata document, for the field Metadata.
func ParseServerMetadata(document []byte) (*ServerMetadata, error) {
	return application.ParseServerMetadata(document)
}

// ParseInstanceMetadata reads a saved instance discovery document, for the field Clouds.
func ParseInstanceMetadata(document []byte) ([]CloudInfo, error) {
	return application.ParseInstanceMetadata(document)
}

// CodeChallenge returns the S256 challenge of a code verifier (RFC 7636 §4.2).
func CodeChallenge(verifier Secret) string { return domain.CodeChallenge(verifier) }

// NewSecret hides s.
func NewSecret(s string) Secret { return domain.NewSecret(s) }
