package domain

import (
	"fmt"
	"slices"
	"strings"
)

// The scopes that OpenID Connect reserves (OIDC Core §3.1.2.1, §11).
const (
	ScopeOpenID        = "openid"
	ScopeProfile       = "profile"
	ScopeOfflineAccess = "offline_access"
)

// defaultScopeSuffix marks the Microsoft identity platform's static scope, which
// stands for everything that was granted to the application beforehand.
const defaultScopeSuffix = "/.default"

// Scopes is a set of OAuth scopes in its normal form: each once, in byte order.
// Equal sets are == and print alike. The zero value is the empty set.
type Scopes struct {
	text string // sorted, joined by one space, as the caller spelled them
	key  string // the same in lower case, and sorted so: what caches compare
}

// ParseScopes returns the set of the given scope tokens. Order and repetition do
// not matter. It fails with a [*ConfigError] for an empty token or one with
// characters outside RFC 6749 §3.3: no spaces, control characters, quotation
// marks, backslashes or non-ASCII letters.
func ParseScopes(tokens []string) (Scopes, error) {
	if len(tokens) == 1 && tokens[0] != "" { // the common case: one pass over it, and no allocation
		switch classesOf(tokens[0]) {
		case 0:
			return Scopes{text: tokens[0], key: tokens[0]}, nil
		case upperByte:
			return Scopes{text: tokens[0], key: strings.ToLower(tokens[0])}, nil
		}
	}
	for i, t := range tokens {
		if problem := scopeProblem(t); problem != "" {
			return Scopes{}, &ConfigError{
				Field: fmt.Sprintf("Scopes[%d]", i), Problem: problem,
				Remedy: `pass one scope per element, such as "https://graph.microsoft.com/.default"`,
			}
		}
	}
	return newScopes(tokens), nil
}

// ScopesFromResponse returns the set that a server spells as one string with
// spaces between the tokens (RFC 6749 §3.3). Odd characters are kept: they are the
// server's.
func ScopesFromResponse(text string) Scopes { return newScopes(strings.Fields(text)) }

func newScopes(tokens []string) Scopes {
	text := normalForm(slices.Clone(tokens))
	key := strings.ToLower(text)
	if key != text { // "B a" comes before "a b", and "A a" is one scope
		key = normalForm(strings.Fields(key))
	}
	return Scopes{text: text, key: key}
}

// normalForm owns tokens.
func normalForm(tokens []string) string {
	slices.Sort(tokens)
	return strings.Join(slices.Compact(tokens), " ")
}

// The classes of bytes in a scope, for one quick pass over each request's scopes.
const (
	illegalByte = 1 << iota
	upperByte
)

var byteClasses = func() (classes [256]byte) {
	for i := range classes {
		c := byte(i)
		if c < 0x21 || c > 0x7e || c == '"' || c == '\\' {
			classes[i] |= illegalByte
		}
		if 'A' <= c && c <= 'Z' || c > 0x7e { // what strings.ToLower would change, or might
			classes[i] |= upperByte
		}
	}
	return classes
}()

func classesOf(token string) (classes byte) {
	for i := range len(token) {
		classes |= byteClasses[token[i]]
	}
	return classes
}

func scopeProblem(token string) string {
	if token == "" {
		return "is empty"
	}
	if classesOf(token)&illegalByte == 0 {
		return ""
	}
	for i := range len(token) {
		switch c := token[i]; {
		case c == ' ':
			return "has a space in it: it seems to hold several scopes"
		case c < 0x21 || c > 0x7e || c == '"' || c == '\\':
			return fmt.Sprintf("has the character %q, which RFC 6749 §3.3 does not allow", c)
		}
	}
	return ""
}

// String returns the scopes as they go to a server: in byte order, joined by one space.
func (s Scopes) String() string { return s.text }

// List returns the scopes in byte order.
func (s Scopes) List() []string { return strings.Fields(s.text) }

// IsZero reports whether the set is empty.
func (s Scopes) IsZero() bool { return s.text == "" }

// Key returns the form that caches compare. Letter case does not matter in it,
// as in every MSAL, whose shared file format cannot tell such scopes apart.
func (s Scopes) Key() string { return s.key }

// Has reports whether the set has the scope, without regard to letter case.
func (s Scopes) Has(token string) bool {
	return token != "" && containsToken(s.key, strings.ToLower(token))
}

// Contains reports whether every scope of other is in s, without regard to letter case.
func (s Scopes) Contains(other Scopes) bool {
	for token := range strings.FieldsSeq(other.key) {
		if !containsToken(s.key, token) {
			return false
		}
	}
	return true
}

// containsToken looks for token between the spaces of text without splitting it.
func containsToken(text, token string) bool {
	for rest := text; ; {
		head, tail, more := strings.Cut(rest, " ")
		if head == token {
			return true
		}
		if !more {
			return false
		}
		rest = tail
	}
}

// Union returns the scopes of both sets.
func (s Scopes) Union(other Scopes) Scopes { return newScopes(append(s.List(), other.List()...)) }

// Minus returns the scopes of s that other has not.
func (s Scopes) Minus(other Scopes) Scopes {
	return newScopes(slices.DeleteFunc(s.List(), other.Has))
}

// Resource returns what the scopes are for: the first scope without its last
// segment ("https://graph.microsoft.com" of "https://graph.microsoft.com/.default"),
// or "" for scopes that name no resource, such as "api:read". It is in lower case.
func (s Scopes) Resource() string {
	first, _, _ := strings.Cut(s.key, " ")
	return scopeResource(first)
}

func scopeResource(token string) string {
	cut := strings.LastIndexByte(token, '/')
	if cut <= 0 {
		return ""
	}
	return strings.TrimSuffix(token[:cut], "/")
}

// CheckForApplication reports why the scopes cannot be asked for in an
// application's own name (client credentials) at an authority of kind k.
func (s Scopes) CheckForApplication(k AuthorityKind) error {
	const remedy = `pass one "<resource>/.default", such as "https://graph.microsoft.com/.default"`
	if s.IsZero() && k.IsMicrosoft() {
		return &ConfigError{Field: "Scopes", Problem: "is empty", Remedy: remedy}
	}
	resource := s.Resource()
	for token := range strings.FieldsSeq(s.key) {
		switch {
		case token == ScopeOpenID || token == ScopeProfile || token == ScopeOfflineAccess:
			return &ConfigError{
				Field: "Scopes", Problem: fmt.Sprintf("has %q, which only a user can grant", token),
				Remedy: "leave it out: client credentials yield neither ID tokens nor refresh tokens",
			}
		case k.takesDefaultScopeOnly() && !strings.HasSuffix(token, defaultScopeSuffix):
			return &ConfigError{
				Field: "Scopes", Problem: fmt.Sprintf("has %q, which does not end in %q", token, defaultScopeSuffix),
				Remedy: remedy + "; permissions of an application are granted beforehand, not asked for by name",
			}
		case k.takesDefaultScopeOnly() && scopeResource(token) != resource:
			return &ConfigError{
				Field: "Scopes", Problem: fmt.Sprintf("names two resources, %q and %q", resource, scopeResource(token)),
				Remedy: "ask for one resource at a time, with one call for each",
			}
		}
	}
	return nil
}
