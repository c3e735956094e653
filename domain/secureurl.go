package domain

import (
	"net/url"
	"strconv"
	"strings"
)

// parseSecureURL refuses what could send a secret astray. Its errors never
// repeat the text, which may hold a password.
func parseSecureURL(field, text, remedy string) (*url.URL, error) {
	bad := func(problem string) error {
		return &ConfigError{Field: field, Problem: problem, Remedy: remedy}
	}
	if text == "" {
		return nil, bad("is empty")
	}
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, bad("is not a URL")
	case u.Scheme != "https":
		return nil, bad("is not an https URL")
	case u.User != nil:
		return nil, bad("has a user name or password in it")
	case strings.ContainsAny(text, "?#"):
		return nil, bad("has a query or fragment")
	case !validHost(u.Hostname()):
		return nil, bad("has no host name, or one that is not of letters a-z, digits, '-', '_' and '.'")
	case !validPort(u.Port()):
		return nil, bad("has a port that is no number from 1 to 65535")
	case !validPath(u.EscapedPath()):
		return nil, bad(`has a path with "..", "//", escapes or odd characters`)
	}
	return u, nil
}

// normalHost is the host in lower case, with its port unless that is the default.
func normalHost(u *url.URL) string {
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	if strings.Contains(host, ":") {
		host = "[" + host + "]" // IPv6
	}
	if port := u.Port(); port != "" && port != "443" {
		host += ":" + port
	}
	return host
}

// The characters of names. Sets of bytes and no strings.ToLower, which would make
// "k" of the Kelvin sign.
const (
	labelBytes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
	nameBytes  = labelBytes + "."
	pathBytes  = nameBytes + "~:"
)

// validHost admits IPv6 addresses without a zone, and names in ASCII. A label has
// no '-' at an end (RFC 1123 §2.1), so "xn--name-", which is "name", is none either.
func validHost(h string) bool {
	if strings.Contains(h, ":") { // url.Parse has read the address; a zone would be '%'
		return strings.Trim(h, "0123456789abcdefABCDEF:.") == ""
	}
	for label := range strings.SplitSeq(strings.TrimSuffix(h, "."), ".") {
		if label == "" || strings.Trim(label, labelBytes) != "" || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
	}
	return true
}

// validPort admits no port, or one in its only spelling.
func validPort(p string) bool {
	_, err := strconv.ParseUint(p, 10, 16)
	return p == "" || err == nil && p[0] != '0'
}

// validPath admits what names tenants, policies and realms, and nothing that
// could move the request to another path. Servers take ';' off before they look
// for "..", so it is not admitted.
func validPath(escaped string) bool {
	trimmed := strings.Trim(escaped, "/")
	if trimmed == "" {
		return true
	}
	for segment := range strings.SplitSeq(trimmed, "/") {
		if strings.Trim(segment, pathBytes) != "" || strings.Trim(segment, ".") == "" {
			return false
		}
	}
	return true
}

// isName reports whether s can be a tenant or a policy.
func isName(s string) bool {
	return strings.Trim(s, nameBytes) == "" && strings.Trim(s, ".") != ""
}

// isTenant reports whether s can be a tenant: a name, and none of those that tell
// another kind of authority.
func isTenant(s string) bool {
	return isName(s) && !strings.EqualFold(s, adfsTenant) && !strings.EqualFold(s, dstsPrefix) && !strings.EqualFold(s, tfpPrefix)
}
