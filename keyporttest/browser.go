package keyporttest

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
)

// SignIn says what the user does at a sign-in. The zero value signs in the default
// user, who consents to everything.
type SignIn struct {
	// Username of who signs in; when empty, [Username]. At a choice of accounts, that
	// one is chosen.
	Username string
	// Password that is typed; when empty, the right one.
	Password string
	// Name for a new account (prompt=create).
	Name string
	// Cancel leaves at the first page.
	Cancel bool
	// Deny refuses consent. It is an error when nobody asks for it.
	Deny bool
	// ForgotPassword follows the link of that name, which B2C has.
	ForgotPassword bool
}

// Browser is a user's browser inside the process: it keeps cookies, fills in the
// server's forms, and stops where it is sent to the client. Its zero value is no
// browser: use [Authority.NewBrowser]. It is not for concurrent use.
type Browser struct {
	authority *Authority
	client    *http.Client
}

// NewBrowser returns a browser in which nobody is signed in.
func (a *Authority) NewBrowser() *Browser {
	jar, _ := cookiejar.New(nil) // never fails
	client := a.Client()
	client.Jar = jar
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Browser{a, client}
}

// SignIn is [Browser.SignIn] in a new browser.
func (a *Authority) SignIn(authorizationURL string, as SignIn) (url.Values, error) {
	return a.NewBrowser().SignIn(authorizationURL, as)
}

// PageError says that the browser ended at a page of the server, and not at the
// client.
type PageError struct {
	Status int
	Page   string // such as "sign-in" or "error"
	Title  string
	Text   string // what the page says is wrong
}

// Error returns it without the text, which may hold personal data.
func (e *PageError) Error() string {
	code, _, found := strings.Cut(e.Text, ":")
	if !found || strings.Contains(code, " ") {
		code = ""
	}
	return strings.TrimSpace(fmt.Sprintf("keyporttest: the browser ended at the page %q with status %d %s", e.Page, e.Status, code))
}

// maxSteps is after how many pages and redirects a browser gives up.
const maxSteps = 20

var errNobodyAsked = errors.New("keyporttest: nobody asked for consent, so nobody denied it")

// SignIn visits an authorization URL and goes on until the server sends the browser to
// the client. It returns what reaches the redirect URI: the query, or the form when the
// response mode is form_post. A server that shows an error instead, or refuses the
// password, is a [*PageError].
func (b *Browser) SignIn(authorizationURL string, as SignIn) (url.Values, error) {
	u := userAt{browser: b, as: as}
	end, err := b.walk(authorizationURL, u.act)
	switch {
	case err != nil:
		return nil, err
	case as.Deny && !u.denied:
		return nil, errNobodyAsked
	}
	return end.values, nil
}

// SignOut visits a logout URL, says yes if it is asked, and returns where the browser
// was sent; "" when it stayed at the server's page.
func (b *Browser) SignOut(logoutURL string) (string, error) {
	end, err := b.walk(logoutURL, func(p *htmlPage) (*htmlForm, url.Values, error) {
		if p.id != pageSignOut || len(p.forms) == 0 {
			return nil, nil, nil
		}
		return p.forms[0], p.forms[0].press("sign-out"), nil
	})
	if err != nil {
		return "", err
	}
	return end.address, nil
}

// destination is where a browser left the server.
type destination struct {
	address string // with its query; "" for one of the server's own pages
	values  url.Values
}

// walk follows redirects and forms. act fills in a form; with none, the walk ends there.
func (b *Browser) walk(address string, act func(*htmlPage) (*htmlForm, url.Values, error)) (destination, error) {
	request, err := http.NewRequest(http.MethodGet, address, nil) //nolint:noctx // inside the process
	for range maxSteps {
		if err != nil {
			return destination{}, errors.New("keyporttest: the browser was sent to what is no URL")
		}
		page, to, failed := b.send(request)
		if failed != nil {
			return destination{}, failed
		}
		if to != nil {
			if !b.isServed(to) {
				return destination{to.String(), to.Query()}, nil
			}
			request, err = http.NewRequest(http.MethodGet, to.String(), nil) //nolint:noctx // as above
			continue
		}
		form, values, failed := act(page)
		if form == nil || failed != nil {
			return destination{}, failed
		}
		action, bad := request.URL.Parse(form.action)
		if bad == nil && !b.isServed(action) {
			return destination{action.String(), values}, nil
		}
		if err = bad; err == nil {
			request, err = http.NewRequest(http.MethodPost, action.String(), strings.NewReader(values.Encode())) //nolint:noctx // as above
		}
		if err == nil {
			request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			request.Header.Set("Origin", "https://"+action.Host)
		}
	}
	return destination{}, errors.New("keyporttest: the browser is sent around in a circle")
}

// send returns the page that answers, or where it redirects to.
func (b *Browser) send(request *http.Request) (*htmlPage, *url.URL, error) {
	response, err := b.client.Do(request)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = response.Body.Close() }()
	if location, err := response.Location(); err == nil && response.StatusCode/100 == 3 {
		return nil, location, nil
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxRequest))
	if err != nil {
		return nil, nil, err
	}
	page, err := readHTML(body)
	switch {
	case err != nil || !strings.HasPrefix(response.Header.Get("Content-Type"), "text/html"):
		return nil, nil, &PageError{Status: response.StatusCode}
	case response.StatusCode != http.StatusOK || page.id == pageError:
		return nil, nil, page.problem(response.StatusCode)
	}
	return page, nil, nil
}

// isServed reports whether a URL is one of the server's own.
func (b *Browser) isServed(u *url.URL) bool {
	return u.Scheme == "https" && b.authority.route(&http.Request{URL: u}).endpoint != EndpointUnknown
}
