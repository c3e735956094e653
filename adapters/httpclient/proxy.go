package httpclient

import (
	"cmp"
	"context"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/seed57855a68/keyport/domain"
)

// NoProxy connects directly whatever the environment says.
func NoProxy() Proxy {
	return func(*http.Request) (*url.URL, error) { return nil, nil }
}

// ProxyURL uses one proxy for every request, such as "http://proxy.example:3128" or
// "http://user:password@proxy.example:3128"; https, socks5 and socks5h URLs work
// too. It fails with a [*domain.ConfigError], which never quotes the URL.
func ProxyURL(text string) (Proxy, error) {
	u, err := url.Parse(text)
	if err != nil || !usableProxy(u) {
		return nil, badProxy("Options.Proxy", nil)
	}
	return func(*http.Request) (*url.URL, error) { return u, nil }, nil
}

// environmentProxy is [http.ProxyFromEnvironment], but a variable that holds no
// usable URL is an error that names it. The standard library would connect directly,
// or take "http" for the name of the proxy.
func environmentProxy(req *http.Request) (*url.URL, error) {
	name := strings.ToUpper(req.URL.Scheme) + "_PROXY"
	value := cmp.Or(os.Getenv(name), os.Getenv(strings.ToLower(name)))
	if value != "" && !strings.Contains(value, "://") {
		value = "http://" + value
	}
	u, err := url.Parse(value)
	if err != nil || (value != "" && !usableProxy(u)) {
		return nil, badProxy("environment variable "+name, nil)
	}
	return http.ProxyFromEnvironment(req)
}

// proxyPolicy adds what holds for every choice of a proxy.
func proxyPolicy(choose Proxy) Proxy {
	return func(req *http.Request) (*url.URL, error) {
		if local(req.URL.Hostname()) {
			return nil, nil
		}
		u, err := choose(req)
		if err != nil {
			return nil, hideText(err)
		}
		if u == nil {
			return nil, nil
		}
		if !usableProxy(u) {
			return nil, badProxy("Options.Proxy", nil)
		}
		if a, ok := req.Context().Value(attemptKey{}).(*attempt); ok {
			a.proxy = u.Host
		}
		return u, nil
	}
}

// hideText keeps the cause of a caller's function but not its text, which may quote
// a URL with a password. Errors of this package are safe as they are.
func hideText(err error) error {
	if own, ok := err.(*domain.ConfigError); ok { //nolint:errorlint // a wrapped one has foreign text around it
		return own
	}
	return badProxy("Options.Proxy", &cause{text: "the function failed", err: err})
}

func badProxy(field string, cause error) error {
	return &domain.ConfigError{
		Field:   field,
		Problem: "gives no usable proxy URL",
		Remedy:  `use the form "http://proxy.example:3128", with special characters of a password percent-encoded`,
		Err:     cause,
	}
}

func usableProxy(u *url.URL) bool {
	return slices.Contains([]string{"http", "https", "socks5", "socks5h"}, u.Scheme) &&
		u.Hostname() != "" && strings.Trim(u.Path, "/") == ""
}

// ec2Metadata is a metadata service outside the link-local range.
var ec2Metadata = netip.MustParseAddr("fd00:ec2::254")

// local reports whether a host is this machine or on its link. A proxy would resolve
// such an address to itself, or to the metadata service of another machine, and would
// be handed that service's tokens.
func local(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	ip = ip.Unmap().WithZone("")
	return ip.IsLoopback() || ip.IsLinkLocalUnicast() || ip.IsUnspecified() || ip == ec2Metadata
}

// proxyAnswered turns a refused CONNECT into an error without the proxy's own words.
func proxyAnswered(_ context.Context, proxy *url.URL, _ *http.Request, resp *http.Response) error {
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	return &ProxyError{Proxy: proxy.Host, Status: resp.StatusCode}
}
