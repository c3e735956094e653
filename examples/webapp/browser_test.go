package main

import (
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/seed57855a68/keyport"
	"github.com/seed57855a68/keyport/keyporttest"
)

// site is the application, served, with the authority that its users are registered at.
type site struct {
	*testing.T
	*emulator
	app    *app
	server *httptest.Server
	log    *keyporttest.LogRecorder
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{T: t, server: httptest.NewUnstartedServer(nil), log: keyporttest.NewLogRecorder()}
	base := "https://" + s.server.Listener.Addr().String()
	secret := keyporttest.PlantSecret("client secret")
	s.emulator = newEmulator(keyporttest.NewClock(time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)), secret, base)
	api := httptest.NewServer(s.api)
	t.Cleanup(api.Close)
	s.app = s.newApp(secret, settings{baseURL: base, scopes: emulatedAPI + "/Read " + emulatedAPI + "/List", later: emulatedAPI + "/Write", api: api.URL})
	s.server.Config.Handler = s.app.handler()
	s.server.StartTLS()
	t.Cleanup(s.server.Close)
	return s
}

func (s *site) newApp(secret string, o settings) *app {
	s.Helper()
	client, err := keyport.NewConfidentialClient(keyport.ConfidentialClientConfig{
		ClientID: emulatedClientID, Authority: keyporttest.AuthorityURL, Credential: keyport.ClientSecret(secret), Capabilities: o.capabilities(),
		Ports: keyport.Ports{HTTPClient: s.authority.Client(), Clock: s.authority.Clock()},
	})
	if err != nil {
		s.Fatal(err)
	}
	a, err := o.app(client)
	if err != nil {
		s.Fatal(err)
	}
	a.log = slog.New(s.log)
	a.remember(s.authority.Clock().Now)
	return a
}

// browser is a user's: with one part for the application, and one for the authority.
type browser struct {
	*site
	own       *http.Client
	authority *keyporttest.Browser
	as        keyporttest.SignIn
	asked     []url.Values // the authorization requests
	left      url.Values   // the last sign-out request
}

func (s *site) newBrowser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.Fatal(err)
	}
	own := *s.server.Client()
	own.Jar, own.CheckRedirect = jar, func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &browser{site: s, own: &own, authority: s.authority.NewBrowser()}
}

// seen is a page that the browser ended at.
type seen struct {
	status int
	header http.Header
	body   string
}

func (p seen) name() string { return p.first(`<main id="([^"]*)">`) }

// text is that of the element with an id.
func (p seen) text(id string) string { return html.UnescapeString(p.first(`id="` + id + `">([^<]*)<`)) }

func (p seen) first(pattern string) string {
	if m := regexp.MustCompile(pattern).FindStringSubmatch(p.body); m != nil {
		return m[1]
	}
	return ""
}

// get visits a page of the application, and goes on to where it is sent.
func (b *browser) get(path string) seen {
	b.Helper()
	return b.visit(http.MethodGet, b.app.baseURL+path, nil, nil)
}

func (b *browser) press(path string, form url.Values) seen {
	b.Helper()
	return b.visit(http.MethodPost, b.app.baseURL+path, form, map[string]string{"Origin": b.app.baseURL, "Sec-Fetch-Site": "same-origin"})
}

func (b *browser) visit(method, address string, form url.Values, header map[string]string) seen {
	b.Helper()
	for range 10 {
		got, to := b.send(method, address, form, header)
		if to == nil {
			return got
		}
		method, address, form, header = http.MethodGet, to.String(), nil, nil
		switch {
		case strings.HasPrefix(address, b.app.baseURL):
		case strings.Contains(to.Path, "/authorize"):
			method, address, form, header = b.signIn(to)
		default:
			b.left = to.Query()
			back, err := b.authority.SignOut(address)
			if err != nil {
				b.Fatal(err)
			}
			address = back
		}
	}
	b.Fatal("the browser is sent around in a circle")
	return seen{}
}

// signIn has the user act at the authority, and returns the answer to bring home.
func (b *browser) signIn(to *url.URL) (method, address string, form url.Values, header map[string]string) {
	b.Helper()
	b.asked = append(b.asked, to.Query())
	answer, err := b.authority.SignIn(to.String(), b.as)
	if err != nil {
		b.Fatal(err)
	}
	callback := b.app.baseURL + callbackPath
	if b.app.mode == keyport.ResponseModeQuery {
		return http.MethodGet, callback + "?" + answer.Encode(), nil, nil
	}
	return http.MethodPost, callback, answer, map[string]string{"Origin": "https://" + to.Host, "Sec-Fetch-Site": "cross-site"}
}

// send is one request. It returns a page, or where it leads.
func (b *browser) send(method, address string, form url.Values, header map[string]string) (seen, *url.URL) {
	b.Helper()
	request, err := http.NewRequestWithContext(b.Context(), method, address, strings.NewReader(form.Encode()))
	if err != nil {
		b.Fatal(err)
	}
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for name, value := range header {
		request.Header.Set(name, value)
	}
	response, err := b.own.Do(request)
	if err != nil {
		b.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		b.Fatal(err)
	}
	keyporttest.AssertClean(b.T, b.emulator.authority, "the page at "+request.URL.Path, body)
	to, err := response.Location()
	if err != nil {
		to = nil
	}
	return seen{response.StatusCode, response.Header, string(body)}, to
}

// cookie is the value of one of the browser's for the application.
func (b *browser) cookie(name string) string {
	u, err := url.Parse(b.app.baseURL)
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range b.own.Jar.Cookies(u) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

func (b *browser) plant(name, value string) {
	u, err := url.Parse(b.app.baseURL)
	if err != nil {
		b.Fatal(err)
	}
	b.own.Jar.SetCookies(u, []*http.Cookie{{Name: name, Value: value, Path: "/", Secure: true}})
}

// want checks where a browser ended.
func (p seen) want(t *testing.T, status int, name string) {
	t.Helper()
	if p.status != status || p.name() != name {
		t.Errorf("the page %q, %d, %q; want %q, %d", p.name(), p.status, p.first("<h1>([^<]*)"), name, status)
	}
}
