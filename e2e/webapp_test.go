//go:build e2e

package e2e_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// signIn has the user sign in from the page with the link, and consent.
func (w *window) signIn() {
	w.Helper()
	w.click("#signin")
	w.fill("#peer-sign-in input[name=username]", username)
	w.fill("#peer-sign-in input[name=password]", userPassword)
	w.click("#peer-sign-in button[value=sign-in]")
	w.click("#peer-consent button[value=accept]")
}

// TestWebAppInARealBrowser: a user's day. The program and the server are on different
// sites, so that the rules for cookies are those of real life.
func TestWebAppInARealBrowser(t *testing.T) {
	program, scopes := buildWebapp(t), fiftyScopes()
	post, query := freeAddress(t), freeAddress(t)
	client := webClient("https://"+post+"/callback", "https://"+query+"/callback")
	client.AfterLogoutURI = []string{"https://" + post + "/"}
	p := startPeer(t, peerOptions{scopes: append(scopes, "api:later")}, client)
	a := p.startWebapp(t, program, post, "-scopes", strings.Join(scopes, " "), "-later-scopes", "api:later")
	w := openWindow(t, p.cert)

	w.visit(a.base + "/")
	w.signIn()
	if got := w.text("#home #name"); got != userFullName {
		t.Errorf("signed in: %q, want %q", got, userFullName)
	}
	if got := w.address(); got != a.base+"/" {
		t.Errorf("the code is in the address: %s", got)
	}
	if got := w.text("#tenant"); got != p.issuer {
		t.Errorf("the tenant is %q, want %q", got, p.issuer)
	}

	w.renew(p, a, scopes)
	w.callConcurrently(p, a, scopes)
	w.resistOtherSites(p, a)
	w.consentLater(a)
	w.signOut(p, a)

	t.Run("answers in the query", func(t *testing.T) {
		inQuery := p.startWebapp(t, program, query, "-scopes", scopes[0], "-query")
		w.visit(inQuery.base + "/")
		w.click("#signin")
		w.click("#peer-consent button[value=accept]") // at the server the user has signed in again
		if got := w.text("#home #name"); got != userFullName {
			t.Errorf("signed in: %q, want %q", got, userFullName)
		}
		if got := w.address(); got != inQuery.base+"/" {
			t.Errorf("the code is in the address: %s", got)
		}
	})

	a.end()
	for what, text := range map[string]string{"client secret": secret, "password": userPassword, "JWT": "eyJ", "user name": "@peer.example"} {
		if strings.Contains(a.stderr.String(), text) {
			t.Errorf("the program's log shows the %s:\n%s", what, &a.stderr)
		}
	}
}

// renew has the token renewed by the button. That takes the refresh token, once.
func (w *window) renew(p *peer, a *webapp, scopes []string) {
	w.Helper()
	w.clickAway("#renew")
	w.find("#home")
	want := []string{scopes[0] + " offline_access openid profile"}
	if diff := cmp.Diff(want, p.redemptions(w.T)); diff != "" {
		w.Errorf("redemptions (-want +got):\n%s", diff)
	}
	w.click("#home li a")
	if status, answer := w.text("#call #status"), w.text("#call #answer"); status != "200" || !strings.Contains(answer, `"sub":"alice"`) {
		w.Errorf("after the renewal the API says: %s %s", status, answer)
	}
	if n := len(p.redemptions(w.T)); n != 1 {
		w.Errorf("%d redemptions, want 1", n)
	}
}

// callConcurrently asks for fifty pages at once, in the user's session. Each needs a
// token that nobody has yet.
func (w *window) callConcurrently(p *peer, a *webapp, scopes []string) {
	w.Helper()
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: p.roots}}, Timeout: patience}
	defer client.CloseIdleConnections()
	cookies := w.cookies()
	var all sync.WaitGroup
	for _, scope := range scopes {
		all.Go(func() {
			if body := page(w.T, client, a.base+"/call?scope="+url.QueryEscape(scope), cookies); !strings.Contains(body, `id="status">200<`) {
				w.Errorf("%s: the page says:\n%s", scope, body)
			}
		})
	}
	all.Wait()
	if n := len(p.redemptions(w.T)); n != len(scopes) { // the first scope's was cached, but had one of its own
		w.Errorf("%d redemptions, want %d", n, len(scopes))
	}
	w.visit(a.base + "/")
	w.find("#home")
}

func page(t *testing.T, client *http.Client, address string, cookies []*http.Cookie) string {
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
	if err != nil {
		return err.Error()
	}
	for _, c := range cookies {
		request.AddCookie(c)
	}
	response, err := client.Do(request)
	if err != nil {
		return err.Error()
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err.Error()
	}
	return string(body)
}

// resistOtherSites has another site send forms and answers that nobody asked for.
func (w *window) resistOtherSites(p *peer, a *webapp) {
	w.Helper()
	for path, want := range map[string]string{"/signout": "cross-origin request detected", "/callback": "Please sign in again"} {
		w.visit(p.origin + "/requests")
		w.mark()
		w.run(fmt.Sprintf(`
			const form = document.createElement('form');
			form.method = 'post';
			form.action = %q;
			document.body.append(form);
			form.submit();`, a.base+path))
		w.waitForAnother()
		if got := w.text("body"); w.address() != a.base+path || !strings.Contains(got, want) {
			w.Errorf("a form of another site got to %s, which says:\n%s", w.address(), got)
		}
	}
	w.visit(a.base + "/callback?code=of-somebody&state=a-guess")
	if got := w.text("#error h1"); got != "Please sign in again" {
		w.Errorf("an answer to nothing: %q", got)
	}
	w.visit(a.base + "/")
	w.find("#home")
}

// consentLater calls the API with what the user was not asked for at the sign-in.
func (w *window) consentLater(a *webapp) {
	w.Helper()
	w.visit(a.base + "/")
	w.click(`#home a[href*="api%3Alater"]`)
	if got := w.text("#peer-consent #scopes"); !strings.Contains(got, "api:later") {
		w.Errorf("the server asks for %q", got)
	}
	w.click("#peer-consent button[value=accept]")
	if status, answer := w.text("#call #status"), w.text("#call #answer"); status != "200" || !strings.Contains(answer, "api:later") {
		w.Errorf("after the consent the API says: %s %s", status, answer)
	}
}

// signOut ends both sessions, and shows it by signing in again.
func (w *window) signOut(p *peer, a *webapp) {
	w.Helper()
	w.visit(a.base + "/")
	cookies := w.cookies()
	w.click("#signout")
	w.click("#peer-sign-out button[value=yes]")
	w.find("#welcome")
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: p.roots}}, Timeout: patience}
	defer client.CloseIdleConnections()
	if body := page(w.T, client, a.base+"/", cookies); !strings.Contains(body, `<main id="welcome">`) {
		w.Errorf("the session goes on:\n%s", body)
	}
	events := p.log(w.T)
	if last := events[len(events)-1]; last.Event != "signed out" {
		w.Errorf("the server's last event is %q, want %q", last.Event, "signed out")
	}
	w.signIn() // with the password
	w.find("#home")
}
