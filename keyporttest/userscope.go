package keyporttest

import (
	"slices"
	"strings"

	"github.com/seed57855a68/keyport/domain"
)

// signInScopes are those of OpenID Connect, which belong to no API.
var signInScopes = []string{domain.ScopeOpenID, domain.ScopeProfile, "email", domain.ScopeOfflineAccess}

// asked is what a user's token is asked for.
type asked struct {
	audience []string // of the access token
	scp      []string // permissions, as the access token has them
	told     []string // the same, as the client is told them
	signIn   []string // those of signInScopes
}

func (s asked) has(scope string) bool { return slices.Contains(s.signIn, scope) }

// askedOf reads scopes in the way of each kind of server. An authorization request
// may have those of several APIs, for the user to consent to at once; a token has one.
func (a *Authority) askedOf(x *exchange, scopes, resources []string, several bool) (asked, *problem) {
	var s asked
	var rest []string
	for _, scope := range scopes {
		if slices.Contains(signInScopes, scope) {
			s.signIn = append(s.signIn, scope)
		} else {
			rest = append(rest, scope)
		}
	}
	switch kind := x.authority.Kind(); {
	case kind == domain.KindOIDC:
		return s.ofPlain(x, scopes, resources)
	case kind == domain.KindADFS, kind == domain.KindDSTS:
		return s.ofAnyResource(rest, resources), nil
	case x.v1 && len(resources) > 0:
		return a.ofResource(s, resources[0])
	}
	return a.ofEntra(s, x, rest, several)
}

func (s asked) ofPlain(x *exchange, scopes, resources []string) (asked, *problem) {
	for _, scope := range scopes {
		if len(x.app.Scopes) > 0 && !slices.Contains(x.app.Scopes, scope) {
			return s, notAllowed.because("the client may not ask for " + scope)
		}
	}
	s.scp, s.told, s.audience = scopes, scopes, resources
	if len(resources) == 0 {
		s.audience = []string{x.app.ClientID}
	}
	return s, nil
}

// ofAnyResource takes the resource for granted; without one the token is for the
// server itself.
func (s asked) ofAnyResource(rest, resources []string) asked {
	s.audience = []string{"urn:microsoft:userinfo"}
	if len(resources) > 0 {
		s.audience = resources[:1]
	}
	for _, scope := range rest {
		resource, name := cutScope(scope)
		if resource != "" && len(resources) == 0 {
			s.audience = []string{resource}
		}
		s.scp = append(s.scp, name)
	}
	s.scp = append(s.scp, s.signIn...)
	s.told = append(slices.Clone(rest), s.signIn...)
	return s
}

// ofResource is what the endpoint from before "v2.0" is asked: all of one API.
func (a *Authority) ofResource(s asked, resource string) (asked, *problem) {
	if !a.knowsResource(resource) {
		return s, noResource.because("the resource '" + resource + "' was not found in the directory")
	}
	s.audience, s.scp = []string{resource}, []string{defaultPermission(resource)}
	s.told = s.scp
	return s, nil
}

// ofEntra finds the one API that scopes belong to. Those without a resource are Microsoft
// Graph's, which serves the sign-in too.
func (a *Authority) ofEntra(s asked, x *exchange, rest []string, several bool) (asked, *problem) {
	for _, scope := range rest {
		resource, name := cutScope(scope)
		if resource == "" {
			resource = Graph
			if isGUID(scope) { // an application's id stands for its own API
				resource, name = scope, ".default"
			}
		}
		switch {
		case !a.knowsResource(resource):
			return s, noResource.because("the resource '" + resource + "' was not found in the directory")
		case len(s.audience) == 0:
			s.audience = []string{resource}
		case resourceKey(s.audience[0]) != resourceKey(resource):
			if several {
				continue
			}
			return s, &manyResources
		}
		if name == ".default" {
			name = defaultPermission(resource)
		}
		s.scp, s.told = append(s.scp, name), append(s.told, scope)
	}
	if len(s.audience) == 0 {
		s.audience = []string{Graph}
		if x.authority.Kind() == domain.KindB2C {
			s.audience = []string{x.app.ClientID} // of a token that it does not hand out
			s.told = s.signIn
		}
	}
	if resourceKey(s.audience[0]) == Graph {
		identity := slices.DeleteFunc(slices.Clone(s.signIn), func(s string) bool { return s == domain.ScopeOfflineAccess })
		s.scp, s.told = append(s.scp, identity...), append(s.told, identity...)
	}
	return s, nil
}

// cutScope takes "<resource>/<permission>" apart.
func cutScope(scope string) (resource, name string) {
	cut := strings.LastIndexByte(scope, '/')
	if cut <= 0 {
		return "", scope
	}
	return scope[:cut], scope[cut+1:]
}

// defaultPermission is what "/.default" stands for where nobody has said more.
func defaultPermission(resource string) string {
	if resourceKey(resource) == Graph {
		return "User.Read"
	}
	return "user_impersonation"
}

// knowsResource reports whether an API is registered: by name, or as an application.
func (a *Authority) knowsResource(id string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.resources[resourceKey(id)] {
		return true
	}
	_, isApp := a.apps[strings.TrimPrefix(id, "api://")]
	return isApp
}

// apiOf returns the client id of the application that is the API of this name.
func (a *Authority) apiOf(id string) (clientID string, known bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, isApp := a.apps[strings.TrimPrefix(id, "api://")]; isApp {
		return strings.TrimPrefix(id, "api://"), true
	}
	for _, app := range a.apps {
		if slices.ContainsFunc(app.IdentifierURIs, func(uri string) bool { return resourceKey(uri) == resourceKey(id) }) {
			return app.ClientID, true
		}
	}
	return "", false
}
