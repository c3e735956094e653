package keyporttest

import (
	"crypto/subtle"
	"net/http"
	"net/url"
	"slices"

	"github.com/seed57855a68/keyport/domain"
)

const jwtBearer = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// The ways in which clients authenticate, by their registered names (RFC 7591 §2).
const (
	secretBasic   = "client_secret_basic"
	secretPost    = "client_secret_post"
	secretJWT     = "client_secret_jwt"
	privateKeyJWT = "private_key_jwt"
	noMethod      = "none"
)

// credentials are what a request says about its client.
type credentials struct {
	clientID  string
	secret    string
	assertion string
}

// authenticate finds out which client sends the request (RFC 6749 §2.3, RFC 7523).
func (a *Authority) authenticate(x *exchange) *problem {
	sent, problem := x.credentials()
	if problem == &noCredential {
		return a.withoutCredential(x, sent.clientID)
	}
	if problem != nil {
		return problem
	}
	if x.app, problem = a.appOf(x, sent.clientID); problem != nil {
		return problem
	}
	if x.app.Public {
		return &publicSecret
	}
	if x.method == privateKeyJWT {
		problem = a.byAssertion(x, sent.assertion)
	} else {
		problem = bySecret(x.app, sent.secret)
	}
	if problem != nil {
		return problem
	}
	if allowed := x.app.AuthMethods; x.authority.Kind() == domain.KindOIDC && len(allowed) > 0 && !slices.Contains(allowed, x.method) {
		return &wrongMethod
	}
	return nil
}

// withoutCredential admits public clients (RFC 6749 §2.1) to the grants of users.
func (a *Authority) withoutCredential(x *exchange, clientID string) *problem {
	app, known := a.appCalled(clientID)
	isOfUser := x.form.Get("grant_type") != "client_credentials"
	switch {
	case known && app.Public && isOfUser:
		var problem *problem
		x.method = noMethod
		x.app, problem = a.appOf(x, clientID)
		return problem
	case isOfUser:
		return &noUserSecret
	}
	return &noCredential
}

// credentials reads them from where they are, and sets x.method. One method is
// allowed (RFC 6749 §2.3), and a parameter without a value is none (§3.2).
func (x *exchange) credentials() (credentials, *problem) {
	c := credentials{x.form.Get("client_id"), x.form.Get("client_secret"), x.form.Get("client_assertion")}
	var methods []string
	if c.secret != "" {
		methods = append(methods, secretPost)
	}
	if c.assertion != "" { // or client_secret_jwt, as its algorithm will say
		methods = append(methods, privateKeyJWT)
	}
	if x.request.Header.Get("Authorization") != "" {
		methods = append(methods, secretBasic)
		user, password, ok := basic(x.request)
		switch {
		case !ok:
			return c, &badHeader
		case c.clientID != "" && c.clientID != user:
			return c, malformed.because("client_id is another in the form than in the header")
		}
		c.clientID, c.secret = user, password
	}
	switch kind := x.form.Get("client_assertion_type"); {
	case len(methods) == 0:
		return c, &noCredential
	case len(methods) > 1:
		return c, &twoMethods
	case c.assertion != "" && kind == "":
		return c, missing.because("the body must contain the parameter 'client_assertion_type'")
	case c.assertion != "" && kind != jwtBearer:
		return c, &wrongType
	}
	x.method = methods[0]
	return c, nil
}

// basic reads the Authorization header. Both parts are form-encoded (RFC 6749 §2.3.1).
func basic(r *http.Request) (user, password string, ok bool) {
	user, password, ok = r.BasicAuth()
	user, err1 := url.QueryUnescape(user)
	password, err2 := url.QueryUnescape(password)
	return user, password, ok && err1 == nil && err2 == nil
}

// appOf finds the client, which must exist in the tenant.
func (a *Authority) appOf(x *exchange, clientID string) (App, *problem) {
	if clientID == "" && x.method == privateKeyJWT && !x.authority.Kind().IsMicrosoft() {
		// RFC 7521 §4.2: client_id is optional, for the assertion's subject names the client.
		_, claims, _ := decodeJWT(x.form.Get("client_assertion"))
		clientID, _ = claims["sub"].(string)
	}
	if clientID == "" {
		return App{}, &noClientID
	}
	app, known := a.appCalled(clientID)
	switch {
	case !known, x.isEntra() && x.tenant.ID != "" && !app.existsIn(x.tenant):
		return App{}, unknownClient.because("no application '" + clientID + "' is registered here")
	case app.Disabled:
		return App{}, &disabledClient
	}
	return app, nil
}

func bySecret(app App, secret string) *problem {
	right := slices.ContainsFunc(app.Secrets, func(s string) bool {
		return subtle.ConstantTimeCompare([]byte(s), []byte(secret)) == 1
	})
	switch {
	case right:
		return nil
	case slices.Contains(app.ExpiredSecrets, secret):
		return &expiredSecret
	}
	return &wrongSecret
}
