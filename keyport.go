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
	// ClientCredentialsRequest asks for a token of the application itself.
	ClientCredentialsRequest = application.ClientCredentialsRequest
	// Ports are what a client needs from the outside world.
	Ports = application.Ports
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
)

// Errors, for [errors.Is]: what to do now.
var (
	ErrInteractionRequired = domain.ErrInteractionRequired // start an interactive flow
	ErrTokenNotCached      = domain.ErrTokenNotCached      // nothing was sent
	ErrAccessDenied        = domain.ErrAccessDenied        // asking again does not help
	ErrInvalidClient       = domain.ErrInvalidClient       // correct the client id or credential
	ErrUnavailable         = domain.ErrUnavailable         // try again later
	ErrThrottled           = domain.ErrThrottled           // try again after the pause
	ErrResponseMismatch    = domain.ErrResponseMismatch    // ignore it
	ErrRedirectRefused     = domain.ErrRedirectRefused     // check the authority
	ErrClientClosed        = domain.ErrClientClosed        // after Close
)

// AuthorityURL returns the authority of a tenant in a Microsoft cloud.
func AuthorityURL(c Cloud, tenant string) string { return domain.AuthorityURL(c, tenant) }

// NewSecret hides s.
func NewSecret(s string) Secret { return domain.NewSecret(s) }
