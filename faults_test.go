package keyport_test

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/seed57855a68/keyport"
	"github.com/seed57855a68/keyport/adapters/httpclient"
	"github.com/seed57855a68/keyport/keyporttest"
)

// way is one of the ways in which a program may send requests. What a hostile
// answer does must not depend on it.
type way struct {
	name   string
	client func(*testing.T, *keyporttest.Listener, *keyporttest.Authority) keyport.Ports
	onWire bool
}

var ways = []way{
	{"inside the process", func(_ *testing.T, _ *keyporttest.Listener, a *keyporttest.Authority) keyport.Ports {
		return keyport.Ports{HTTPClient: a.Client()}
	}, false},
	{"http.Client of the program", func(_ *testing.T, l *keyporttest.Listener, _ *keyporttest.Authority) keyport.Ports {
		return keyport.Ports{HTTPClient: l.Client()}
	}, true},
	{"built-in client", func(t *testing.T, l *keyporttest.Listener, _ *keyporttest.Authority) keyport.Ports {
		client, err := httpclient.New(httpclient.Options{RootCAs: l.CertPool(), MaxRetries: -1})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(client.CloseIdleConnections)
		return keyport.Ports{HTTPClient: client}
	}, true},
}

// zeros is an endless body.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '0'
	}
	return len(p), nil
}

// TestHostileAnswersOfTheTokenEndpoint scripts what a broken or hostile server may
// say. Each is a typed error that names what is wrong, and neither it nor the log
// shows a secret.
func TestHostileAnswersOfTheTokenEndpoint(t *testing.T) {
	planted := keyporttest.PlantSecret("token in a broken answer")
	token := `{"token_type":"Bearer","access_token":"` + planted + `",`
	rows := []struct {
		name string
		rule keyporttest.Rule
		want string // part of the error
		is   error
	}{
		{"64 MiB", keyporttest.Rule{Reader: func() io.Reader { return io.LimitReader(zeros{}, 64<<20) }}, "is larger than 1 MiB", nil},
		{"HTML", keyporttest.Rule{Body: "<html><title>Sign in to the hotel's network " + planted + "</title></html>"}, "is not a JSON object", nil},
		{"a text", keyporttest.Rule{Body: `"` + planted + `"`}, "is not a JSON object", nil},
		{"a list", keyporttest.Rule{Body: `["` + planted + `"]`}, "is not a JSON object", nil},
		{"null", keyporttest.Rule{Body: "null"}, "is not a JSON object", nil},
		{"nothing", keyporttest.Rule{Status: 200, Reader: func() io.Reader { return strings.NewReader("") }}, "is not a JSON object", nil},
		{"truncated JSON", keyporttest.Rule{Body: token + `"expires`}, "is not a JSON object", nil},
		{"a torn body", keyporttest.Rule{Body: token + `"expires_in":3600}`, Length: 5000}, "unexpected EOF", keyport.ErrUnavailable},
		{"expires_in as a word", keyporttest.Rule{Body: token + `"expires_in":"soon"}`}, "expires_in is not a number of seconds", nil},
		{"expires_in as an object", keyporttest.Rule{Body: token + `"expires_in":{}}`}, "expires_in is not a number of seconds", nil},
		{"expires_in below zero", keyporttest.Rule{Body: token + `"expires_in":-1}`}, "expires_in is not a number of seconds", nil},
		{"a member twice", keyporttest.Rule{Body: token + `"access_token":"x","expires_in":3600}`}, "has a member twice", nil},
		{"no access token", keyporttest.Rule{Body: `{"expires_in":3600,"id_token":"` + planted + `"}`}, "access_token is missing", nil},
		{"an access token of the wrong type", keyporttest.Rule{Body: `{"access_token":["` + planted + `"],"expires_in":3600}`}, "access_token is not a string", nil},
		{"a line break in the token", keyporttest.Rule{Body: `{"access_token":"` + planted + `\r\nX-Evil: 1","expires_in":3600}`}, "access_token", nil},
		{"another token type", keyporttest.Rule{Body: `{"token_type":"mac","access_token":"` + planted + `","expires_in":3600}`}, "token_type is not Bearer", nil},
		{"an error that is no code", keyporttest.Rule{Status: 400, Body: `{"error":{"` + planted + `":1}}`}, "error is no error code", nil},
		{"500 with HTML", keyporttest.Rule{Status: 500, Body: "<html>" + planted}, "HTTP 500", keyport.ErrUnavailable},
		{"503 with a code", keyporttest.Rule{Status: 503, Body: `{"error":"temporarily_unavailable","error_description":"` + planted + `"}`}, "temporarily_unavailable", keyport.ErrUnavailable},
		{"429", keyporttest.Rule{Status: 429, Header: http.Header{"Retry-After": {"3600"}}, Body: `{"error":"temporarily_unavailable"}`}, "temporarily_unavailable", keyport.ErrThrottled},
		{"204", keyporttest.Rule{Status: 204}, "is not a JSON object", nil},
		{"301", redirect(301), "redirect", keyport.ErrRedirectRefused},
		{"302", redirect(302), "redirect", keyport.ErrRedirectRefused},
		{"303", redirect(303), "redirect", keyport.ErrRedirectRefused},
		{"307 to another host", redirect(307), "redirect", keyport.ErrRedirectRefused},
		{"308 to another host", redirect(308), "redirect", keyport.ErrRedirectRefused},
	}
	for _, w := range ways {
		for _, row := range rows {
			t.Run(w.name+"/"+row.name, func(t *testing.T) {
				meetAnswer(t, w, row.rule, row.want, row.is)
			})
		}
	}
}

const elsewhere = "evil.example"

func redirect(status int) keyporttest.Rule {
	return keyporttest.Rule{Status: status, Header: http.Header{"Location": {"https://" + elsewhere + "/token"}}, Body: "moved"}
}

func meetAnswer(t *testing.T, w way, rule keyporttest.Rule, want string, is error) {
	t.Helper()
	authority := keyporttest.New(keyporttest.Options{})
	listener, err := authority.Listen()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	secret := keyporttest.PlantSecret("client secret")
	authority.AddApp(keyporttest.App{ClientID: "my-app", Secrets: []string{secret}})
	rule.Endpoint = keyporttest.EndpointToken
	authority.Script(rule)

	log := keyporttest.NewLogRecorder()
	ports := w.client(t, listener, authority)
	ports.Clock = authority.Clock()
	at := keyporttest.AuthorityURL
	if w.onWire {
		at = listener.URL + "/" + keyporttest.TenantDomain
	}
	config := keyport.ConfidentialClientConfig{
		ClientID: "my-app", Authority: at, DisableInstanceDiscovery: true,
		Credential: keyport.ClientSecret(secret), Ports: ports, Logger: slog.New(log),
	}
	app, err := keyport.NewConfidentialClient(config)
	if err != nil {
		t.Fatal(err)
	}
	result, err := app.AcquireTokenForClient(t.Context(), keyport.ClientCredentialsRequest{Scopes: []string{"https://graph.microsoft.com/.default"}})
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want an error with %q", err, want)
	}
	if is != nil && !errors.Is(err, is) {
		t.Errorf("got %v, want that it is %v", err, is)
	}
	if !isTyped(err) {
		t.Errorf("%T is none of the typed errors", err)
	}
	for _, r := range authority.Requests() {
		if r.URL.Host == elsewhere {
			t.Error("a request went to the other host")
		}
	}
	if n := len(authority.Requests(keyporttest.EndpointToken)); n != 1 {
		t.Errorf("%d token requests, want 1", n)
	}
	keyporttest.AssertClean(t, authority, "error", err)
	keyporttest.AssertClean(t, authority, "log", log.Text())
	if err := app.Close(t.Context()); err != nil { // what is printed with reflection must be at rest
		t.Error(err)
	}
	keyporttest.AssertClean(t, authority, "what a program may print", config, app, result, app.AppTokens())
}

func isTyped(err error) bool {
	var oauth *keyport.OAuthError
	var response *keyport.ResponseError
	var transport *keyport.TransportError
	return errors.As(err, &oauth) || errors.As(err, &response) || errors.As(err, &transport)
}
