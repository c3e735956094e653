package application

import (
	"encoding/json"
	"log/slog"
	"maps"
	"time"

	"github.com/seed57855a68/keyport/domain"
)

// ConfidentialClientConfig configures a client that can keep a secret: a service, a
// web application, a web API. ClientID, Authority (or OIDCAuthority) and Credential
// are what most set; the zero value of every other field is its default.
type ConfidentialClientConfig struct {
	// ClientID is the application (client) ID of the app registration. Required.
	ClientID string
	// Authority is the URL of one of Microsoft's token servers, such as
	// "https://login.microsoftonline.com/contoso.onmicrosoft.com"; [domain.AuthorityURL]
	// builds one. When empty, "https://login.microsoftonline.com/common", which serves
	// users of any tenant but no application on its own behalf.
	Authority string
	// OIDCAuthority is the issuer URL of any other OpenID Connect provider. Set this or
	// Authority.
	OIDCAuthority string
	// Credential proves who the client is. Required.
	Credential Credential

	// ClientAuthMethod is how the credential is sent; when empty, what Microsoft's
	// servers take, and for others what their metadata offers.
	ClientAuthMethod ClientAuthMethod
	// AssertionClaims are added to signed client assertions. They may replace aud, iss,
	// sub, exp, iat, nbf and jti.
	AssertionClaims map[string]any

	// Capabilities of the client, such as "cp1": it handles claims challenges.
	Capabilities []string
	// ExcludeScopes are left out of the scopes that the library adds for users
	// ("offline_access", "profile"). An application's own tokens have none of them.
	ExcludeScopes []string

	// SkipAuthorityValidation trusts the host of Authority without asking Microsoft
	// whether it is one of its own. Set it for a host that you run yourself.
	SkipAuthorityValidation bool
	// DisableInstanceDiscovery sends no instance discovery request, for networks that
	// do not reach the public cloud. The host is trusted, as above.
	DisableInstanceDiscovery bool
	// KnownAuthorities are hosts that need no instance discovery.
	KnownAuthorities []string
	// Clouds are clouds that the library does not know, by their hosts: those need no
	// discovery at all, and tokens got under one name of a cloud serve under the others.
	// [ParseInstanceMetadata] reads them from a document.
	Clouds []domain.CloudInfo
	// Metadata are the endpoints of the authority; when set, its document is not fetched.
	// [ParseServerMetadata] reads them from a document.
	Metadata *domain.ServerMetadata

	// AzureRegion has the application's own tokens of Entra ID come from a region's host:
	// the name of the region, such as "westeurope", or [domain.RegionAutoDetect] for the
	// one that the program runs in. When the region fails, the global host is asked. When
	// empty, none, unless the environment variable MSAL_FORCE_REGION names one;
	// [domain.RegionDisabled] does not look there.
	AzureRegion string

	// InsecureSkipIDTokenVerification takes ID tokens without looking at their signature,
	// for servers whose keys cannot be reached. Their claims are checked all the same.
	InsecureSkipIDTokenVerification bool

	// DisableThrottling sends token requests although the server asked for a pause, or has
	// just refused the same one. Set it when something else keeps them back. Requests for
	// metadata and keys keep to pauses.
	DisableThrottling bool

	// AppName and AppVersion are sent to Microsoft's servers for their logs.
	AppName, AppVersion string
	// Timeout is how long one acquisition may take once it is its turn, with all its
	// requests; when zero, 30 seconds. A caller's context may end it sooner for that caller.
	Timeout time.Duration
	// Logger is told of failures that no caller sees, as warnings: a cache that cannot be
	// written, a background renewal that failed; and of what is decided, for debugging.
	// When nil, nothing is logged. Secrets never are.
	Logger *slog.Logger
	// LogPII has the log say which account and which tenant, which are personal data; when
	// false, they are redacted.
	LogPII bool
	// Hooks take part in token requests.
	Hooks Hooks
	// Ports replace the adapters: your HTTP client, your cache, your clock.
	Ports Ports
}

// ConfidentialClient acquires tokens for a client that can keep a secret. It is
// safe for concurrent use, and one should serve a program for all its life: it
// holds the cache.
type ConfidentialClient struct{ client }

// NewConfidentialClient checks the configuration and returns a client. It sends
// nothing. Errors are [*domain.ConfigError] and name the field. All Ports must be
// set; the root package's constructor supplies defaults.
func NewConfidentialClient(config ConfidentialClientConfig) (*ConfidentialClient, error) {
	c := &ConfidentialClient{}
	auth := clientAuth{credential: config.Credential, method: config.ClientAuthMethod, claims: maps.Clone(config.AssertionClaims)}
	if err := c.core.start(settings{
		clientID: config.ClientID, authority: config.Authority, oidcAuthority: config.OIDCAuthority,
		skipValidation: config.SkipAuthorityValidation, noDiscovery: config.DisableInstanceDiscovery,
		knownAuthorities: config.KnownAuthorities, clouds: config.Clouds, metadata: config.Metadata,
		appName: config.AppName, appVersion: config.AppVersion,
		capabilities: config.Capabilities, excludeScopes: config.ExcludeScopes,
		unverified: config.InsecureSkipIDTokenVerification, unthrottled: config.DisableThrottling,
		timeout: config.Timeout, ports: config.Ports, logger: config.Logger, logPII: config.LogPII, hooks: config.Hooks, auth: auth,
	}); err != nil {
		return nil, err
	}
	if err := auth.check(); err != nil {
		return nil, err
	}
	if err := c.core.startRegion(config.AzureRegion); err != nil {
		return nil, err
	}
	if _, err := json.Marshal(auth.claims); err != nil {
		return nil, &domain.ConfigError{Field: "AssertionClaims", Problem: "cannot be written as JSON", Err: err, Remedy: "use strings, numbers, booleans, lists and maps"}
	}
	return c, nil
}
