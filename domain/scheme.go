package domain

import (
	"fmt"
	"net/url"
	"slices"
)

// Scheme is how an access token is presented, when not as a bearer token. [PoP] is one.
type Scheme interface {
	// Check reports, as a [*ConfigError], what of the scheme cannot be used.
	Check() error
	isScheme()
}

// PoP asks for a token that is bound to one HTTP request (a signed HTTP request of
// the Microsoft identity platform). It takes a broker to get one.
type PoP struct {
	Method string // upper case: "GET"
	URL    string // of the resource
	Nonce  string // that the resource sent
}

func (PoP) isScheme() {}

// Check implements [Scheme].
func (p PoP) Check() error {
	bad := func(field, problem, remedy string) error {
		return &ConfigError{Field: "Scheme." + field, Problem: problem, Remedy: remedy}
	}
	methods := []string{"GET", "POST", "PUT", "DELETE", "PATCH"}
	u, err := url.Parse(p.URL)
	switch {
	case !slices.Contains(methods, p.Method):
		return bad("Method", fmt.Sprintf("is not one of %v", methods), "use upper case")
	case err != nil || u.Host == "":
		return bad("URL", "is not an absolute URL", "pass the URL of the request")
	case p.Nonce == "":
		return bad("Nonce", "is empty", "pass the nonce of the resource's WWW-Authenticate header")
	}
	return nil
}
