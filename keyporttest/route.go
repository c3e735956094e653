package keyporttest

import (
	"net/http"
	"strings"

	"github.com/seed57855a68/keyport/domain"
)

// Endpoint says which part of the server a request was for.
type Endpoint string

// The endpoints.
const (
	EndpointInstanceDiscovery Endpoint = "instance discovery"
	EndpointMetadata          Endpoint = "metadata"
	EndpointKeys              Endpoint = "keys"
	EndpointToken             Endpoint = "token"
	EndpointUnknown           Endpoint = "unknown"
)

// place is where a request arrived.
type place struct {
	endpoint  Endpoint
	authority domain.Authority
}

// suffixes tell endpoints apart; what stands before is the authority.
var suffixes = []struct {
	text     string
	endpoint Endpoint
}{
	{"/v2.0/.well-known/openid-configuration", EndpointMetadata},
	{"/.well-known/openid-configuration", EndpointMetadata},
	{"/oauth2/v2.0/token", EndpointToken},
	{"/oauth2/token", EndpointToken},
	{"/token", EndpointToken},
	{"/discovery/v2.0/keys", EndpointKeys},
	{"/discovery/keys", EndpointKeys},
	{"/keys", EndpointKeys},
}

func (a *Authority) route(r *http.Request) place {
	host, path := r.URL.Host, r.URL.Path
	if path == "/common/discovery/instance" {
		return place{endpoint: EndpointInstanceDiscovery}
	}
	for _, s := range suffixes {
		base, ok := strings.CutSuffix(path, s.text)
		if !ok {
			continue
		}
		if issuer, ok := a.issuerAt("https://" + host + base); ok {
			return place{s.endpoint, issuer}
		}
		if authority, err := domain.ParseAuthority("https://" + host + base); err == nil {
			return place{s.endpoint, authority}
		}
	}
	return place{endpoint: EndpointUnknown}
}

func (a *Authority) issuerAt(url string) (domain.Authority, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, i := range a.issuers {
		if i.String() == url {
			return i, true
		}
	}
	return domain.Authority{}, false
}
