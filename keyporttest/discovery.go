package keyporttest

import (
	"net/url"
	"strings"

	"github.com/seed57855a68/keyport/domain"
)

// publicClouds are the hosts by which instance discovery lists the clouds.
var publicClouds = []domain.Cloud{
	domain.AzurePublic, domain.AzureChina, domain.AzureUSGovernment, "login-us.microsoftonline.com", "login.microsoftonline.de",
	domain.AzureBleu, domain.AzureDelos, domain.AzureGovSG,
}

// instanceDiscovery says whether a host is one of Microsoft's, and lists those that
// are. Version 1.0 has no list.
func (a *Authority) instanceDiscovery(x *exchange) (any, *problem) {
	query := x.request.URL.Query()
	for _, name := range []string{"api-version", "authorization_endpoint"} {
		if query.Get(name) == "" {
			return nil, missingQuery.because("the required field '" + name + "' is missing")
		}
	}
	asked, err := url.Parse(query.Get("authorization_endpoint"))
	if err != nil {
		return nil, missingQuery.because("authorization_endpoint is no URL")
	}
	host := strings.ToLower(asked.Host)
	_, known := domain.LookupCloud(host)
	if !known && !a.vouchesFor(host) {
		return nil, unknownHost.because("the host '" + host + "' is not known")
	}
	tenant, path, _ := strings.Cut(strings.TrimPrefix(asked.Path, "/"), "/")
	out := map[string]any{"tenant_discovery_endpoint": "https://" + host + "/" + tenant + documentPathV2}
	if path == "oauth2/authorize" {
		out["tenant_discovery_endpoint"] = "https://" + host + "/" + tenant + documentPath
	}
	if version := query.Get("api-version"); version != "1.0" {
		out["api-version"], out["metadata"] = version, a.clouds()
	}
	return out, nil
}

func (a *Authority) vouchesFor(host string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.hosts[host]
}

// clouds lists every cloud, and every host that a test has added as one more.
func (a *Authority) clouds() []any {
	var list []any
	add := func(network, cache string, aliases []string) {
		list = append(list, map[string]any{"preferred_network": network, "preferred_cache": cache, "aliases": aliases})
	}
	for _, host := range publicClouds {
		cloud, _ := domain.LookupCloud(string(host))
		cache := cloud.PreferredNetwork
		if host == domain.AzurePublic {
			cache = "login.windows.net" // so it is, for the oldest of caches
		}
		add(cloud.PreferredNetwork, cache, cloud.Aliases)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for host := range a.hosts {
		add(host, host, []string{host})
	}
	return list
}

// cloud is the host by which the cloud calls itself that a request arrived at,
// under an alias or at a region's own host.
func (x *exchange) cloud() string {
	host := x.authority.Host()
	if host == "" {
		host = strings.ToLower(x.request.URL.Host)
	}
	if _, central, ok := strings.Cut(host, "."); ok {
		if c, known := domain.LookupCloud(central); known {
			return c.PreferredNetwork // <region>.login.microsoft.com
		}
	}
	return domain.CanonicalEnvironment(host)
}
