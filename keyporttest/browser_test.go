package keyporttest_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/seed57855a68/keyport/keyporttest"
)

// TestWhereABrowserGivesUp: at what is no page of the server's, and in a circle.
func TestWhereABrowserGivesUp(t *testing.T) {
	broken := errors.New("the connection breaks")
	here := keyporttest.OIDCIssuerPath + "/authorize"
	for name, row := range map[string]struct {
		address string
		rule    keyporttest.Rule
		want    string
	}{
		"no URL":            {"https://a b/", keyporttest.Rule{}, "no URL"},
		"JSON":              {here, keyporttest.Rule{Body: "{}"}, "status 200"},
		"an error":          {here, keyporttest.Rule{Status: 503, Body: "<p>no</p>", Header: http.Header{"Content-Type": {"text/html"}}}, "status 503"},
		"no connection":     {here, keyporttest.Rule{Err: broken}, "breaks"},
		"torn":              {here, keyporttest.Rule{Body: "<p>", Length: 100}, "unexpected EOF"},
		"no markup":         {here, keyporttest.Rule{Body: "<<<", Header: http.Header{"Content-Type": {"text/html"}}}, "status 200"},
		"an unknown page":   {here, keyporttest.Rule{Body: `<main id="x"><form></form></main>`, Header: http.Header{"Content-Type": {"text/html"}}}, `page "x"`},
		"a page of nothing": {here, keyporttest.Rule{Body: `<main id="x"></main>`, Header: http.Header{"Content-Type": {"text/html"}}}, `page "x"`},
		"round and round":   {here, keyporttest.Rule{Status: 302, Header: http.Header{"Location": {here}}}, "in a circle"},
		"back to the form":  {here, keyporttest.Rule{Body: `<main id="sign-in"><form action="/realms/one/authorize"><button name="do" value="sign-in"></button></form></main>`, Header: http.Header{"Content-Type": {"text/html"}}}, "again and again"},
		"a form to nowhere": {here, keyporttest.Rule{Body: `<main id="sign-in"><form action="https://a b/"></form></main>`, Header: http.Header{"Content-Type": {"text/html"}}}, "no URL"},
	} {
		u := newUsers(t, nil)
		u.Script(row.rule)
		_, err := u.SignIn(row.address, keyporttest.SignIn{})
		if err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v, want %q", name, err, row.want)
		}
		if _, err := u.NewBrowser().SignOut(row.address); err == nil && !strings.Contains(name, "page") && !strings.Contains(name, "form") {
			t.Errorf("%s: signed out", name)
		}
	}
}

func TestAPageErrorNamesTheNumberOnly(t *testing.T) {
	for text, want := range map[string]string{
		"AADSTS50126: alice's password is wrong": `keyporttest: the browser ended at the page "sign-in" with status 200 AADSTS50126`,
		"alice, your password: it is wrong":      `keyporttest: the browser ended at the page "sign-in" with status 200`,
		"":                                       `keyporttest: the browser ended at the page "sign-in" with status 200`,
	} {
		err := &keyporttest.PageError{Status: 200, Page: "sign-in", Text: text}
		if got := fmt.Sprint(err); got != want {
			t.Errorf("%q prints as %q, want %q", text, got, want)
		}
	}
}

func TestReadHTML(t *testing.T) {
	const text = `<!DOCTYPE html><html><head><title>A &amp; B</title></head><body><main id="x"><p>no</p><p role="alert">Oh &#39;no&#39;</p>
<form action="/a"><input name="n" value="v"><button>Go</button></form><INPUT name="outside"><form></form></main></body></html>`
	id, title, alert, forms, err := keyporttest.ReadHTML(text)
	if id != "x" || title != "A & B" || alert != "Oh 'no'" || forms != 2 || err != nil {
		t.Errorf("got %q, %q, %q, %d forms, %v", id, title, alert, forms, err)
	}
}

// TestPrune: what has ended goes when there is much, and not at every step.
func TestPrune(t *testing.T) {
	m := map[int]bool{}
	for i := range 1023 {
		m[i] = i%2 == 0
	}
	keyporttest.Prune(m)
	if len(m) != 1023 {
		t.Errorf("%d of 1023 left: it is not much yet", len(m))
	}
	m[1023] = false
	if keyporttest.Prune(m); len(m) != 512 {
		t.Errorf("%d of 1024 left, want those that have not ended", len(m))
	}
}
