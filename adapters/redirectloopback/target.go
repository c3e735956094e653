package redirectloopback

import (
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/seed57855a68/keyport/domain"
)

const (
	anyPort  = "http://localhost" // the redirect URI when none is given
	httpPort = 80                 // which browsers leave out of Host
)

// target is a redirect URI that this machine can serve.
type target struct {
	uri  string // as the server is told
	host string // as it is written: "localhost", "127.0.0.1", "::1"
	port int    // 0 for any
	path string // escaped, "/" at least
	url  *url.URL
}

// parse checks a redirect URI.
func parse(text string) (target, error) {
	if text == "" {
		text = anyPort
	}
	u, err := url.Parse(text)
	if err != nil {
		return target{}, unusable("is not a URL")
	}
	if problem := problemOf(u, text); problem != "" {
		return target{}, unusable(problem)
	}
	port, err := strconv.Atoi(u.Port())
	if u.Port() != "" && (err != nil || port > 65535) {
		return target{}, unusable("has a port that does not exist")
	}
	t := target{uri: text, host: u.Hostname(), port: port, path: u.EscapedPath(), url: u}
	if t.path == "" {
		t.path = "/"
	}
	return t, nil
}

func problemOf(u *url.URL, text string) string {
	switch {
	case u.Scheme != "http":
		return "does not begin with http://" // TLS would need a certificate for localhost
	case u.User != nil:
		return "has a user name"
	case u.RawQuery != "" || u.ForceQuery:
		return "has a query"
	case strings.Contains(text, "#"): // RFC 6749 §3.1.2: "MUST NOT include a fragment component"
		return "has a fragment"
	case loopback(u.Hostname()) == nil:
		return "is not an address of this machine"
	case slices.ContainsFunc(strings.Split(u.Path, "/"), isDots):
		return `has "." or ".." in its path, which browsers resolve`
	}
	return ""
}

func isDots(segment string) bool { return segment == "." || segment == ".." }

func unusable(problem string) error {
	return &domain.ConfigError{
		Field: "RedirectURI", Problem: problem,
		Remedy: `pass "http://localhost", "http://127.0.0.1" or "http://[::1]", with a port and a path if the registration has them`,
	}
}

// loopback returns the addresses that a host stands for, or nil. RFC 8252 §8.3 would
// rather have the literals: a name could be resolved to another interface. It is
// never resolved here.
func loopback(host string) []string {
	switch {
	case strings.EqualFold(host, "localhost"):
		return []string{"127.0.0.1", "::1"}
	case host == "127.0.0.1", host == "::1":
		return []string{host}
	}
	return nil
}

func (t target) addresses() []string { return loopback(t.host) }

// at returns the target with the port that was taken.
func (t target) at(port int) target {
	if t.port == port {
		return t
	}
	t.port = port
	u := *t.url
	u.Host = net.JoinHostPort(t.host, strconv.Itoa(port))
	t.uri = u.String()
	return t
}

// isHost reports whether a Host header names this target. Anything else is a page
// that had its own name resolved to this machine, or a misdirected request.
func (t target) isHost(header string) bool {
	written := net.JoinHostPort(t.host, strconv.Itoa(t.port))
	if strings.EqualFold(header, written) {
		return true
	}
	bare := strings.TrimSuffix(written, ":"+strconv.Itoa(t.port))
	return t.port == httpPort && strings.EqualFold(header, bare)
}
