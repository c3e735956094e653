package system

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/seed57855a68/keyport/domain"
)

// checked returns an address that is safe to hand to a program. It may come from the
// metadata of a server that is not trusted: with "file:", "ms-settings:" or a leading
// "-" it would have a browser's opener do something else.
func checked(address string) (string, error) {
	u, err := url.Parse(address)
	problem := ""
	switch {
	case err != nil: // its text quotes the address
		problem = "is not a URL"
	case u.Scheme == "https" && u.Hostname() != "", u.Scheme == "http" && isThisMachine(u.Hostname()):
	default:
		problem = "is neither an https page nor one of this machine"
	}
	if problem == "" && u.User != nil {
		problem = "has a user name"
	}
	if problem != "" {
		return "", &domain.ConfigError{Field: "address", Problem: problem, Remedy: "pass the authorization URL of an https authority"}
	}
	return escaped(address), nil
}

func isThisMachine(host string) bool {
	return host == "localhost" || host == "127.0.0.1" || host == "::1"
}

// inURLs are the bytes that pass as they are, besides letters and digits: those that
// URLs from url.Values need. All else is percent-encoded, which servers decode: some
// openers are shell scripts, or hand the address on to one.
const inURLs = "-._~:/?#[]@=&%+,"

func escaped(address string) string {
	var b strings.Builder
	for i := range len(address) {
		c := address[i]
		isLetter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		if isLetter || strings.IndexByte(inURLs, c) >= 0 {
			b.WriteByte(c)
			continue
		}
		fmt.Fprintf(&b, "%%%02X", c)
	}
	return b.String()
}
