package keyporttest

import (
	html "html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/seed57855a68/keyport/domain"
)

// endSession signs a user out (RP-Initiated Logout 1.0).
func (a *Authority) endSession(x *exchange) answer {
	params := x.request.URL.Query()
	switch x.request.Method {
	case http.MethodGet:
	case http.MethodPost:
		params = x.form
	default:
		return notAllowedHere("GET, POST")
	}
	a.learn(kindIDToken, params["id_token_hint"]...)
	l, problem := a.readLogout(x, params)
	if problem != nil {
		return a.errorPage(x, problem)
	}
	v := a.visitorOf(x)
	pressed := x.form.Get("do")
	switch {
	case pressed == "stay", pressed != "" && x.isForged():
		return render(http.StatusOK, pageData{Page: pageError, Title: "You are still signed in"})
	case l.userID == "" && pressed != "sign-out" && len(v.accounts) > 0 && x.authority.Kind() == domain.KindOIDC:
		return askToSignOut(x, params)
	}
	a.signOut(v.cookie, l.userID)
	if l.redirectURI == "" {
		return render(http.StatusOK, pageData{Page: pageGone, Title: pageTitles[pageGone]})
	}
	return redirect(x, l.redirectURI)
}

// logout is a logout request that was checked.
type logout struct {
	userID      string // who; "" for everybody in the session
	redirectURI string // with the state; "" for a page
}

// readLogout checks the hints and the redirect URI.
func (a *Authority) readLogout(x *exchange, params url.Values) (logout, *problem) {
	var l logout
	clientID := params.Get("client_id")
	if hint := params.Get("id_token_hint"); hint != "" {
		claims, ok := a.verified(hint)
		if !ok {
			return l, badHint.because("id_token_hint is no ID token of this server")
		}
		aud := audiences(claims["aud"])
		if clientID != "" && !slices.Contains(aud, clientID) {
			return l, badHint.because("id_token_hint was issued to another client")
		}
		clientID = aud[0]
		l.userID = a.userInSession(claims)
	}
	if p, known := a.personCalled(params.Get("logout_hint")); known && l.userID == "" {
		l.userID = p.ID
	}
	asked := params.Get("post_logout_redirect_uri")
	if asked == "" {
		return l, nil
	}
	app, known := a.appCalled(clientID)
	if clientID == "" && x.authority.Kind().IsMicrosoft() {
		app, known = a.appReturningTo(asked)
	}
	if !known || !app.returnsTo(asked) {
		if x.authority.Kind().IsMicrosoft() {
			return l, nil // signs out all the same, and stays
		}
		return l, badHint.because("post_logout_redirect_uri is not registered, or no client is named")
	}
	l.redirectURI = asked
	if state := params.Get("state"); state != "" {
		separator := "?"
		if strings.Contains(asked, "?") {
			separator = "&"
		}
		l.redirectURI += separator + url.Values{"state": {state}}.Encode()
	}
	return l, nil
}

var badHint = problem{code: invalidRequest, aadsts: 90023, b2c: 90085}

// returnsTo reports whether users may go there after they have signed out.
func (app App) returnsTo(uri string) bool {
	return slices.ContainsFunc(append(slices.Clone(app.PostLogoutRedirectURIs), app.RedirectURIs...), func(registered string) bool {
		return isRedirectTo(registered, uri)
	})
}

func (a *Authority) appReturningTo(uri string) (App, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, app := range a.apps {
		if app.returnsTo(uri) {
			return app, true
		}
	}
	return App{}, false
}

// userInSession finds the user of an ID token by its session id.
func (a *Authority) userInSession(claims map[string]any) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, s := range a.flows.sessions {
		for _, account := range s.accounts {
			if account.sid == claims["sid"] {
				return account.id
			}
		}
	}
	return ""
}

// askToSignOut is for a request that does not say whose session it means: any site
// could have sent the user here (RP-Initiated Logout 1.0 §2).
func askToSignOut(x *exchange, params url.Values) answer {
	d := pageData{Page: pageSignOut, Title: pageTitles[pageSignOut], Action: html.URL(x.request.URL.Path)} //nolint:gosec // a path of our own
	for name := range params {
		if name != "do" {
			d.Fields = append(d.Fields, field{name, params.Get(name)})
		}
	}
	slices.SortFunc(d.Fields, func(a, b field) int { return strings.Compare(a.Name, b.Name) })
	return render(http.StatusOK, d, originOf(params.Get("post_logout_redirect_uri")))
}
