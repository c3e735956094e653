package application

import (
	"log/slog"
	"time"

	"github.com/seed57855a68/keyport/domain"
)

// PublicClientConfig configures a client that cannot keep a secret: a desktop or
// command-line program, a mobile app. ClientID is what most set; the zero value of
// every other field is its default. The fields mean what they mean in
// [ConfidentialClientConfig].
type PublicClientConfig struct {
	// ClientID is the application (client) ID of the app registration. Required.
	ClientID string
	// Authority is the URL of one of Microsoft's token servers; when empty,
	// "https://login.microsoftonline.com/common": users of any tenant.
	Authority string
	// OIDCAuthority is the issuer URL of any other OpenID Connect provider. Set this or
	// Authority.
	OIDCAuthority string

	// Capabilities of the client, such as "cp1": it handles claims challenges.
	Capabilities []string
	// ExcludeScopes are left out of the scopes that the library adds for users
	// ("offline_access", "profile").
	ExcludeScopes []string

	// SkipAuthorityValidation trusts the host of Authority without asking Microsoft
	// whether it is one of its own. Set it for a host that you run yourself.
	SkipAuthorityValidation bool
	// DisableInstanceDiscovery sends no instance discovery request, for networks that
	// do not reach the public cloud. The host is trusted, as above.
	DisableInstanceDiscovery bool
	// KnownAuthorities are hosts that need no instance discovery.
	KnownAuthorities []string
	// Clouds are clouds that the library does not know, by their hosts. They need no
	// discovery.
	Clouds []domain.CloudInfo
	// Metadata are the endpoints of the authority; when set, its document is not fetched.
	Metadata *domain.ServerMetadata
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
	// Logger is told of failures that no caller sees, and of what is decided. When nil,
	// nothing is logged. Secrets never are.
	Logger *slog.Logger
	// LogPII has the log say which account and which tenant; when false, they are redacted.
	LogPII bool
	// Hooks take part in token requests.
	Hooks Hooks
	// Ports replace the adapters: your HTTP client, your cache, your clock.
	Ports Ports
}

// PublicClient acquires tokens of users for a client that cannot keep a secret. It is
// safe for concurrent use, and one should serve a program for all its life.
type PublicClient struct{ client }

// NewPublicClient checks the configuration and returns a client. It sends nothing.
// Errors are [*domain.ConfigError] and name the field. All Ports must be set but for
// Locker; the root package's constructor supplies defaults.
func NewPublicClient(config PublicClientConfig) (*PublicClient, error) {
	c := &PublicClient{}
	if err := c.core.start(settings{
		clientID: config.ClientID, authority: config.Authority, oidcAuthority: config.OIDCAuthority,
		skipValidation: config.SkipAuthorityValidation, noDiscovery: config.DisableInstanceDiscovery,
		knownAuthorities: config.KnownAuthorities, clouds: config.Clouds, metadata: config.Metadata,
		appName: config.AppName, appVersion: config.AppVersion,
		capabilities: config.Capabilities, excludeScopes: config.ExcludeScopes,
		unverified: config.InsecureSkipIDTokenVerification, unthrottled: config.DisableThrottling,
		timeout: config.Timeout, ports: config.Ports, logger: config.Logger, logPII: config.LogPII, hooks: config.Hooks,
	}); err != nil {
		return nil, err
	}
	return c, nil
}
