package keyporttest_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/keyporttest"
)

// witness is a test that is told of failures and goes on.
type witness struct{ failures []string }

func (*witness) Helper() {}

func (w *witness) Errorf(format string, args ...any) {
	w.failures = append(w.failures, fmt.Sprintf(format, args...))
}

// verdict runs AssertClean and returns what it says.
func verdict(a *keyporttest.Authority, values ...any) []string {
	var w witness
	keyporttest.AssertClean(&w, a, "what is tested", values...)
	return w.failures
}

// The ways of a type to give its secret away, and only one each.
type (
	plainStruct  struct{ Token string }
	deepStruct   struct{ hidden *plainStruct }
	byFormatter  struct{ secret domain.Secret }
	byGoString   struct{ secret domain.Secret }
	byString     struct{ secret domain.Secret }
	byPointer    struct{ secret domain.Secret } // String on the pointer only
	byJSON       struct{ secret domain.Secret }
	byJSONError  struct{ secret domain.Secret }
	byXML        struct{ secret domain.Secret }
	byXMLError   struct{ secret domain.Secret }
	byLogValue   struct{ secret domain.Secret }
	byField      struct{ token string } // whose methods hide it, where fmt may call them
	byError      struct{ secret domain.Secret }
	hiding       struct{ err error } // an error that does not print its cause
	hidingMany   struct{ errs []error }
	unexportable struct{ f func() }
)

func (v byFormatter) Format(f fmt.State, verb rune) {
	if verb == 't' {
		_, _ = f.Write([]byte(v.secret.Reveal()))
	}
}
func (v byGoString) GoString() string { return v.secret.Reveal() }
func (v byString) String() string     { return v.secret.Reveal() }
func (v *byPointer) String() string   { return v.secret.Reveal() }
func (v byJSON) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]string{"t": v.secret.Reveal()})
}
func (v byJSONError) MarshalJSON() ([]byte, error) { return nil, errors.New(v.secret.Reveal()) }
func (v byXML) MarshalXML(e *xml.Encoder, start xml.StartElement) error {
	return e.EncodeElement(v.secret.Reveal(), start)
}
func (v byXMLError) MarshalXML(*xml.Encoder, xml.StartElement) error {
	return errors.New(v.secret.Reveal())
}
func (v byField) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("hidden")) }
func (v byLogValue) LogValue() slog.Value    { return slog.StringValue(v.secret.Reveal()) }
func (v byError) Error() string              { return v.secret.Reveal() }
func (v hiding) Error() string               { return "it failed" }
func (v hiding) Unwrap() error               { return v.err }
func (v hidingMany) Error() string           { return "it failed" }
func (v hidingMany) Unwrap() []error         { return v.errs }

func TestAssertCleanFindsASecretWhereverItShows(t *testing.T) {
	secret := keyporttest.PlantSecret("planted password")
	s := domain.NewSecret(secret)
	pointer := &plainStruct{secret}
	for name, value := range map[string]any{
		"a text":                    "token: " + secret,
		"a struct":                  plainStruct{secret},
		"a pointer":                 pointer,
		"a pointer to a pointer":    &pointer,
		"a field's pointer":         deepStruct{pointer}, // fmt shows an address, unless the verb is wrong
		"bytes":                     []byte(secret),
		"a list":                    []any{1, secret},
		"a map":                     map[string]string{"token": secret},
		"a formatter of one verb":   byFormatter{s},
		"a GoStringer":              byGoString{s},
		"a Stringer":                byString{s},
		"a Stringer of the pointer": byPointer{s},
		"JSON":                      byJSON{s},
		"an error of JSON":          byJSONError{s},
		"XML":                       byXML{s},
		"an error of XML":           byXMLError{s},
		"a field behind methods":    byField{secret},
		"log/slog":                  byLogValue{s},
		"an error":                  byError{s},
		"a cause":                   hiding{hiding{byError{s}}},
		"one of many causes":        hidingMany{[]error{nil, hiding{nil}, hiding{byError{s}}}},
		"a joined error":            errors.Join(errors.New("x"), hiding{byError{s}}),
		"a wrapped error":           fmt.Errorf("x: %w", byError{s}),
		"a URL error":               &url.Error{Op: "Get", URL: "https://h/?q=" + secret, Err: errors.New("x")},
	} {
		got := verdict(nil, value)
		if len(got) != 1 || !strings.Contains(got[0], "what is tested: a ") || !strings.Contains(got[0], "shows the planted password in: ") {
			t.Errorf("%s: %d failures", name, len(got))
		}
		if strings.Contains(strings.Join(got, " "), secret) {
			t.Errorf("%s: the failure shows the secret", name)
		}
	}
}

func TestAssertCleanKnowsTheEncodings(t *testing.T) {
	a, _ := newAuthority(t, func(app *keyporttest.App) { app.Secrets = []string{"p%20 +/:\"<é\\&\n'"} })
	const secret = "p%20 +/:\"<é\\&\n'"
	inJSON, err := json.Marshal(secret)
	if err != nil {
		t.Fatal(err)
	}
	basic := base64.StdEncoding.EncodeToString([]byte("client:" + url.QueryEscape(secret)))
	texts := map[string]string{
		"plain": "x" + secret + "x", "a query": "?s=" + url.QueryEscape(secret), "a path": "/" + url.PathEscape(secret),
		"JSON": string(inJSON), "Go": strconv.Quote(secret), "Go in ASCII": strconv.QuoteToASCII(secret),
		"XML": "p%20 +/:&#34;&lt;é\\&amp;&#xA;&#39;",
		"hex": hex.EncodeToString([]byte(secret)), "hex in capitals": fmt.Sprintf("%X", secret), "hex, apart": fmt.Sprintf("% x", secret),
		"bytes": fmt.Sprintf("%v", []byte(secret)), "bytes in Go": fmt.Sprintf("%#v", []byte(secret)),
	}
	for before := range 4 { // wherever it begins in what is encoded
		for after := range 4 {
			text := []byte(strings.Repeat("a", before) + secret + strings.Repeat("z", after))
			for name, e := range map[string]*base64.Encoding{"base64": base64.StdEncoding, "base64url": base64.URLEncoding, "raw base64": base64.RawStdEncoding} {
				texts[fmt.Sprintf("%s with %d before and %d after", name, before, after)] = e.EncodeToString(text)
			}
		}
	}
	for name, text := range texts {
		if got := verdict(a, text); len(got) != 1 {
			t.Errorf("%s: %d failures, want one", name, len(got))
		}
	}
	// The header of RFC 6749 §2.3.1: the server is given the secret, escaped and encoded.
	send(t, a, "POST", tokenURL, "", func(r *http.Request) { r.Header.Set("Authorization", "Basic "+basic) })
	if got := verdict(a, "Authorization: Basic "+basic); len(got) != 1 {
		t.Errorf("the header: %d failures", len(got))
	}
}

func TestAssertCleanFindsNothingWhereNothingIs(t *testing.T) {
	a, secret := newAuthority(t, nil)
	post(t, a, tokenURL, map[string]string{"client_secret": secret})
	for name, value := range map[string]any{
		"nothing": nil, "no pointer": (*plainStruct)(nil), "a number": 7, "a secret": domain.NewSecret(secret),
		"a struct with one": struct{ S domain.Secret }{domain.NewSecret(secret)}, "a text": "all is well",
		"the server": fmt.Sprintf("%v %+v", a, struct{ A *keyporttest.Authority }{a}), "what holds a client of it": struct{ c *http.Client }{a.Client()},
		"an app":                 fmt.Sprintf("%v %#v", keyporttest.App{ClientID: "x", Secrets: []string{secret}}, &keyporttest.App{Secrets: []string{secret}}),
		"an error":               errors.New("it failed"),
		"what cannot be encoded": unexportable{func() {}}, "a part": secret[:20],
	} {
		if got := verdict(a, value); len(got) != 0 {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestAnAppPrintsWithoutItsSecrets(t *testing.T) {
	app := keyporttest.App{ClientID: "my-app", Secrets: []string{keyporttest.PlantSecret("client secret")}}
	text, err := json.Marshal(app)
	if err != nil || string(text) != `"app my-app"` || fmt.Sprintf("%+v", app) != "app my-app" {
		t.Errorf("JSON %d bytes, %v", len(text), err)
	}
}

func TestAssertCleanLooksForShortSecretsOfItsOwnAuthority(t *testing.T) {
	a, _ := newAuthority(t, func(app *keyporttest.App) { app.Secrets = []string{"hunter2"} })
	if got := verdict(a, "the password is hunter2"); len(got) != 1 {
		t.Errorf("%d failures, want one", len(got))
	}
	if got := verdict(nil, "the password is hunter2"); len(got) != 0 {
		t.Errorf("another's short secrets are words like any other: %q", got)
	}
}

func TestAssertCleanNamesEachKindOnceForAValue(t *testing.T) {
	a, secret := newAuthority(t, nil)
	token := post(t, a, tokenURL, map[string]string{"client_secret": secret}).text("access_token")
	got := verdict(a, secret+" "+token+" "+secret, "clean", token)
	if len(got) != 3 || !strings.Contains(got[0], "client secret") || !strings.Contains(got[1], "access token") || !strings.Contains(got[2], "access token") {
		t.Errorf("%d failures: %q", len(got), got)
	}
}

// TestAssertCleanEndsForAnErrorThatWrapsItself: such an error is wrong, and no
// reason to hang.
func TestAssertCleanEndsForAnErrorThatWrapsItself(t *testing.T) {
	loop := &looping{}
	if got := verdict(nil, loop); len(got) != 0 {
		t.Errorf("%q", got)
	}
}

type looping struct{}

func (*looping) Error() string   { return "again" }
func (l *looping) Unwrap() error { return l }
