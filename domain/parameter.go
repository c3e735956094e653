package domain

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Parameter is an extra name and value for a token request.
type Parameter struct {
	Name  string
	Value string
	// InCacheKey says that tokens got with different values are different tokens:
	// each value has a cache entry of its own.
	InCacheKey bool
}

// Parameters are the extra parts of a token request, by where they go.
type Parameters struct {
	Query  []Parameter // of the token endpoint's URL
	Body   []Parameter // of the form
	Header []Parameter // of the HTTP request
}

// IsZero reports whether there are none.
func (p Parameters) IsZero() bool { return len(p.Query)+len(p.Body)+len(p.Header) == 0 }

// reserved are the parameters that the library sets; a caller's value would break
// what it checks later.
var reserved = map[string]bool{
	"client_id": true, "client_secret": true, "client_assertion": true, "client_assertion_type": true,
	"grant_type": true, "scope": true, "claims": true, "code": true, "code_verifier": true, "redirect_uri": true,
	"refresh_token": true, "token_type": true, "assertion": true, "username": true, "password": true, "device_code": true,
	"state": true, "nonce": true, "code_challenge": true, "code_challenge_method": true, "client_info": true,
}

var reservedHeaders = map[string]bool{
	"authorization": true, "host": true, "content-length": true, "content-type": true, "accept": true,
	"transfer-encoding": true, "connection": true, "accept-encoding": true, "cookie": true, "client-request-id": true,
}

// tokenBytes are what the name of a header consists of (RFC 9110 §5.6.2).
const tokenBytes = labelBytes + "!#$%&'*+.^`|~"

// Check reports the first parameter that cannot be sent, as a [*ConfigError].
func (p Parameters) Check() error {
	for _, part := range []struct {
		field    string
		list     []Parameter
		reserved map[string]bool
		isHeader bool
	}{
		{"ExtraParameters.Query", p.Query, reserved, false},
		{"ExtraParameters.Body", p.Body, reserved, false},
		{"ExtraParameters.Header", p.Header, reservedHeaders, true},
	} {
		for i, e := range part.list {
			name := strings.ToLower(e.Name)
			field := fmt.Sprintf("%s[%d]", part.field, i)
			switch {
			case e.Name == "" || strings.ContainsFunc(e.Name, func(r rune) bool { return r <= ' ' || r > '~' || r == ':' }),
				part.isHeader && strings.Trim(e.Name, tokenBytes) != "":
				return &ConfigError{Field: field, Problem: "has no usable name", Remedy: "use letters, digits, '-' and '_'"}
			case part.reserved[name]:
				return &ConfigError{Field: field, Problem: fmt.Sprintf("sets %q, which the library sets itself", name), Remedy: "use the request's own field for it"}
			case strings.ContainsAny(e.Value, "\r\n\x00"):
				return &ConfigError{Field: field, Problem: "has a line break or NUL in its value", Remedy: "remove it"}
			case part.isHeader && strings.ContainsFunc(e.Value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }):
				return &ConfigError{Field: field, Problem: "has a control character in its value", Remedy: "remove it"}
			}
		}
	}
	return nil
}

// CacheKey returns a digest of the parameters that are part of the cache key, ""
// when none is. It does not depend on their order. More are further values that are
// part of the key, each known by its position; "" is none.
func (p Parameters) CacheKey(more ...string) string {
	var keyed []string
	for place, list := range [...][]Parameter{p.Query, p.Body, p.Header} {
		for _, e := range list {
			if e.InCacheKey {
				keyed = append(keyed, joinLengths(string(rune('q'+place)), e.Name, e.Value))
			}
		}
	}
	for i, m := range more {
		if m != "" {
			keyed = append(keyed, joinLengths("+", strconv.Itoa(i), m))
		}
	}
	if len(keyed) == 0 {
		return ""
	}
	slices.Sort(keyed)
	sum := sha256.Sum256([]byte(joinLengths(keyed...)))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// joinLengths writes each part behind its length, so that no two lists of parts
// give the same text: ("ab","c") and ("a","bc") differ.
func joinLengths(parts ...string) string {
	var b []byte
	for _, p := range parts {
		b = binary.AppendUvarint(b, uint64(len(p)))
		b = append(b, p...)
	}
	return string(b)
}
