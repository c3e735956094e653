package keyport

import (
	"github.com/seed57855a68/keyport/adapters/cachememory"
	"github.com/seed57855a68/keyport/adapters/httpclient"
	"github.com/seed57855a68/keyport/adapters/redirectloopback"
	"github.com/seed57855a68/keyport/adapters/system"
	"github.com/seed57855a68/keyport/application"
)

// NewConfidentialClient returns a client for a service, web application or web API.
// Ports that are not set get the default adapters: an HTTP client with time-outs
// and careful retries, caches in memory, and the system's clock. It sends nothing;
// errors are [*ConfigError] and name the field.
func NewConfidentialClient(config ConfidentialClientConfig) (*ConfidentialClient, error) {
	p, err := withDefaults(config.Ports)
	if err != nil {
		return nil, err
	}
	config.Ports = p
	return application.NewConfidentialClient(config)
}

// NewPublicClient returns a client for a desktop or command-line program, with the
// same defaults, and the machine's browser for interactive sign-ins. It sends nothing; errors are [*ConfigError] and name the field.
func NewPublicClient(config PublicClientConfig) (*PublicClient, error) {
	p, err := withDefaults(config.Ports)
	if err != nil {
		return nil, err
	}
	config.Ports = p
	return application.NewPublicClient(config)
}

// withDefaults fills the ports that are not set.
func withDefaults(p Ports) (Ports, error) {
	if p.Clock == nil {
		p.Clock = system.Clock{}
	}
	if p.TokenCache == nil {
		p.TokenCache = cachememory.NewTokenCache(cachememory.TokenCacheOptions{Clock: p.Clock})
	}
	if p.HTTPCache == nil {
		p.HTTPCache = cachememory.NewHTTPCache(cachememory.HTTPCacheOptions{})
	}
	if p.HTTPClient == nil {
		client, err := httpclient.New(httpclient.Options{})
		if err != nil {
			return p, err
		}
		p.HTTPClient = client
	}
	if p.Environment == nil {
		p.Environment = system.Environment{}
	}
	if p.Browser == nil {
		p.Browser = system.Browser{}
	}
	if p.RedirectListener == nil {
		p.RedirectListener = redirectloopback.New(redirectloopback.Options{})
	}
	return p, nil
}
