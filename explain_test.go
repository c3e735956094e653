package keyport_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/seed57855a68/keyport"
	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/keyporttest"
)

// slow is an error of a network that says that time was up.
type slow struct{}

func (slow) Error() string { return "i/o timeout of alice@contoso.onmicrosoft.com" }
func (slow) Timeout() bool { return true }

// throttledHere is an error of another package that says what it is through Is.
type throttledHere struct{ cause error }

func (throttledHere) Error() string        { return "a pause of alice@contoso.onmicrosoft.com" }
func (throttledHere) Is(target error) bool { return target == keyport.ErrThrottled }
func (e throttledHere) Unwrap() error      { return e.cause }

// kept is the error of a request that was kept back because of an answer.
func kept(cause error) error {
	return &keyport.ThrottledError{Operation: "acquire token silent", Until: time.Date(2026, 11, 24, 12, 10, 0, 0, time.UTC), Cause: cause}
}

var personal = domain.NewSecret("AADSTS50076: the user alice@contoso.onmicrosoft.com must use multi-factor authentication.")

func TestExplain(t *testing.T) {
	for _, row := range []struct {
		name    string
		err     error
		want    string
		problem keyport.Problem
	}{
		{"a user must do more", fmt.Errorf("my page: %w", &keyport.OAuthError{
			Operation: "acquire token silent", Code: "interaction_required", SubError: "basic_action", ErrorCodes: []int{50076}, Description: personal, StatusCode: 400,
			Claims: `{"access_token":{}}`, CorrelationID: "c-1", TraceID: "t-1", Timestamp: "2026-11-24 12:00:00Z",
		}), "Acquire token silent: the user has to pass multi-factor authentication for this resource (the server's code: AADSTS50076, basic_action, interaction_required; HTTP 400). " +
			"Start an interactive sign-in for the same scopes. Pass the Claims of the error on to the sign-in. The user has to act. " +
			"Try again once the user has acted, not before. For a support case: correlation id c-1, trace id t-1, timestamp 2026-11-24 12:00:00Z.", domain.ProblemSignIn},
		{"a secret that has expired", &keyport.OAuthError{Code: "invalid_client", ErrorCodes: []int{7000222}, StatusCode: 401},
			"The client secret has expired (the server's code: AADSTS7000222, invalid_client; HTTP 401). Create a new secret in the app registration and give it to the program. " +
				"The operator of this program has to act. Try again once that is changed, not before.", domain.ProblemCredential},
		{"B2C", &keyport.OAuthError{Code: "access_denied", Description: domain.NewSecret("AADB2C90118: alice forgot")},
			"The user has forgotten the password (the server's code: AADB2C90118, access_denied). Start a sign-in with the user flow for password resets as policy of the Authority, or use a flow with self-service reset. " +
				"The user has to act. Try again once the user has acted, not before.", domain.ProblemSignIn},
		{"too many requests", &keyport.OAuthError{Code: "temporarily_unavailable", StatusCode: 429, RetryAfter: 2 * time.Minute},
			"There are too many requests (the server's code: temporarily_unavailable; HTTP 429). Wait, and let requests for the same token share one client and its cache. " +
				"The developer of this program has to act. Try again after 2m0s.", domain.ProblemThrottled},
		{"a failing server", &keyport.OAuthError{Code: "invalid_request", StatusCode: 502},
			"The server fails (the server's code: invalid_request; HTTP 502). Wait a little and send the same request again. The operator of the authorization server has to act. Try again later.", domain.ProblemServer},
		{"a code that nobody knows", &keyport.OAuthError{Code: "quota_exceeded", StatusCode: 400, CorrelationID: "c-2"},
			"The server refused the request with a code that the library does not know (the server's code: quota_exceeded; HTTP 400). " +
				"Read the description in the error, and look the code up in the documentation of the server. The developer of this program has to act. For a support case: correlation id c-2.", domain.ProblemUnknown},
		{"an argument", fmt.Errorf("start: %w", &keyport.ConfigError{Field: "Scopes", Problem: "is empty", Remedy: "pass one", Err: errors.New("of alice@contoso.onmicrosoft.com")}),
			"Invalid Scopes: is empty. Pass one. The developer of this program has to act. Try again once that is changed, not before.", domain.ProblemConfiguration},
		{"an answer", &keyport.ResponseError{Operation: "token endpoint", Host: "login.example", Status: 200, Field: "expires_in", Problem: "is not a number of seconds", CorrelationID: "c-3"},
			"Token endpoint: the server's answer cannot be used: expires_in is not a number of seconds (host login.example; HTTP 200). " +
				"Check that the authority is the right one and that nothing between here and there answers in its place. The operator of this program has to act. " +
				"Try again once that is changed, not before. For a support case: correlation id c-3.", domain.ProblemResponse},
		{"an answer with a remedy", &keyport.ResponseError{Operation: "metadata", Status: 200, Remedy: "ask another"},
			"Metadata: the server's answer cannot be used (HTTP 200). Ask another. The operator of this program has to act. Try again once that is changed, not before.", domain.ProblemResponse},
		{"an answer of a failing server", &keyport.ResponseError{Operation: "metadata", Host: "login.example", Status: 503, RetryAfter: time.Second},
			"Metadata: the server fails (host login.example; HTTP 503). Wait a little and send the same request again. The operator of the authorization server has to act. Try again after 1s.", domain.ProblemServer},
		{"an answer of a throttling server", &keyport.ResponseError{Operation: "metadata", Host: "login.example", Status: 429},
			"Metadata: there are too many requests (host login.example; HTTP 429). Wait, and let requests for the same token share one client and its cache. The developer of this program has to act. Try again later.", domain.ProblemThrottled},
		{"a redirect", &keyport.ResponseError{Operation: "token endpoint", Host: "login.example", Status: 302, Err: keyport.ErrRedirectRefused},
			"Token endpoint: a request with credentials was answered by a redirect, which was not followed (host login.example; HTTP 302). " +
				"Check the authority, and that no proxy or sign-in page of the network answers in the server's place. The operator of this program has to act. Try again once that is changed, not before.", domain.ProblemResponse},
		{"no answer", fmt.Errorf("acquire token for client: %w", &keyport.TransportError{Operation: "token endpoint", Host: "login.example", Err: errors.New("dial alice@contoso.onmicrosoft.com")}),
			"Acquire token for client: token endpoint: the server could not be reached (host login.example). Check the name of the host, the network, its proxy and its firewall. " +
				"The operator of this program has to act. Try again later.", domain.ProblemNetwork},
		{"no answer in time", &keyport.TransportError{Operation: "token endpoint", Host: "login.example", Err: slow{}},
			"Token endpoint: the server did not answer in time (host login.example). Check the network and its proxy; if the server is slow, give the call more time. " +
				"The operator of this program has to act. Try again later.", domain.ProblemNetwork},
		{"a certificate", &keyport.TransportError{Operation: "metadata", Host: "login.example", Err: &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}},
			"Metadata: the server's certificate is not trusted (host login.example). Check the name of the host and this machine's clock; behind a proxy that opens TLS, add its root certificate to the HTTP client. " +
				"The operator of this program has to act. Try again once that is changed, not before.", domain.ProblemNetwork},
		{"nothing cached", fmt.Errorf("acquire token silent: %w: there is no account", keyport.ErrTokenNotCached),
			"Acquire token silent: nothing in the cache serves the request, and nothing was sent. Have the user sign in; PlanTokenSilent tells what the cache has. " +
				"The user has to act. Try again once the user has acted, not before.", domain.ProblemNotCached},
		{"closed", keyport.ErrClientClosed, "The client was used after Close. Close the client when the program ends, or make a new one. The developer of this program has to act. Trying again does not help.", domain.ProblemClosed},
		{"another flow", fmt.Errorf("%w: the state is another", keyport.ErrResponseMismatch),
			"The answer of a sign-in belongs to another flow, or to one that is over. Ignore it, and show the sign-in link again. The user has to act. Try again once the user has acted, not before.", domain.ProblemResponse},
		{"pending", keyport.ErrAuthorizationPending, "The user has not finished on the other device. Poll again at the flow's NextPoll. The user has to act. Try again later.", domain.ProblemPending},
		{"throttled, by another type", fmt.Errorf("x: %w", throttledHere{}),
			"The server asked for a pause that has not ended. Wait, and let requests for the same token share one client and its cache. The developer of this program has to act. Try again later.", domain.ProblemThrottled},
		{"throttled because of an answer", throttledHere{&keyport.OAuthError{Operation: "acquire token silent", Code: "invalid_request", StatusCode: 503, RetryAfter: time.Minute, CorrelationID: "c-4"}},
			"Acquire token silent: the server asked for a pause that has not ended, because the server fails (the server's code: invalid_request; HTTP 503). " +
				"Wait a little and send the same request again. The operator of the authorization server has to act. Try again after 1m0s. For a support case: correlation id c-4.", domain.ProblemThrottled},
		{"throttled because the user is needed", throttledHere{&keyport.OAuthError{Code: "invalid_grant", SubError: "bad_token", StatusCode: 400}},
			"The server asked for a pause that has not ended, because the refresh token will never serve again (the server's code: bad_token, invalid_grant; HTTP 400). " +
				"Have the user sign in again. The user has to act. Try again once the user has acted, not before.", domain.ProblemThrottled},
		{"cancelled", fmt.Errorf("token endpoint: %w", context.Canceled),
			"The caller gave up before there was an answer. Nothing is to be done when the program meant to; otherwise look for who cancels the context. Try again later.", domain.ProblemCanceled},
		{"too late", context.DeadlineExceeded,
			"The time that the caller gave was over before there was an answer. Give the call more time, or look for what is slow: the network, the server, or a queue for a user's refresh token. " +
				"The operator of this program has to act. Try again later.", domain.ProblemCanceled},
		{"two at once", errors.Join(errors.New("the first line"), fmt.Errorf("acquire token silent: the token cache could not be read: %w", os.ErrPermission), keyport.ErrClientClosed, keyport.ErrClientClosed),
			"Acquire token silent: the token cache failed. Look into the store behind Ports.TokenCache; its own error is wrapped in this one. The operator of this program has to act. Try again later.\n\n" +
				"The client was used after Close. Close the client when the program ends, or make a new one. The developer of this program has to act. Trying again does not help.", domain.ProblemCache},
		{"a callback", fmt.Errorf("acquire token for client: client assertion callback: %w", errors.New("no token of alice@contoso.onmicrosoft.com")),
			"Acquire token for client: the callback that brings client assertions failed. Look into what it asks for the assertion; its own error is wrapped in this one. " +
				"The operator of this program has to act. Try again later.", domain.ProblemCredential},
		{"a hook", fmt.Errorf("acquire token for client: before-request hook: %w", errors.New("no policy of alice@contoso.onmicrosoft.com")),
			"Acquire token for client: the hook BeforeRequest failed, so nothing was sent. Look into what it asks for; its own error is wrapped in this one. " +
				"The developer of this program has to act. Try again later.", domain.ProblemConfiguration},
		{"a hook that was refused elsewhere", fmt.Errorf("acquire token for client: before-request hook: %w", &keyport.OAuthError{Operation: "acquire token on behalf of", Code: "invalid_client", ErrorCodes: []int{7000222}}),
			"Acquire token for client: before-request hook: acquire token on behalf of: the client secret has expired (the server's code: AADSTS7000222, invalid_client). Create a new secret in the app registration and give it to the program. " +
				"The operator of this program has to act. Try again once that is changed, not before.", domain.ProblemCredential},
		{"a panic", errors.New("acquire token for client: panic with a value of type string"),
			"Acquire token for client: a hook, a callback or a port of this program panicked. Run the program with a debugger, or look at what was added last; the panic's own words are not shown, because they may hold anything. " +
				"The developer of this program has to act. Try again once that is changed, not before.", domain.ProblemConfiguration},
		{"kept back after a pause was asked for", kept(&keyport.OAuthError{Code: "temporarily_unavailable", StatusCode: 429, RetryAfter: time.Hour}),
			"Acquire token silent: nothing was sent, because an earlier request had this answer: there are too many requests (the server's code: temporarily_unavailable; HTTP 429). " +
				"Wait, and let requests for the same token share one client and its cache. The developer of this program has to act. Try again at 2026-11-24T12:10:00Z.", domain.ProblemThrottled},
		{"kept back after a failure", kept(&keyport.ResponseError{Operation: "token endpoint", Host: "login.example", Status: 503, CorrelationID: "c-5", TraceID: "t-5"}),
			"Acquire token silent: token endpoint: nothing was sent, because an earlier request had this answer: the server fails (host login.example; HTTP 503). " +
				"Wait a little and send the same request again. The operator of the authorization server has to act. Try again at 2026-11-24T12:10:00Z. For a support case: correlation id c-5, trace id t-5.", domain.ProblemThrottled},
		{"kept back after a refusal", kept(&keyport.OAuthError{Code: "invalid_client", ErrorCodes: []int{7000222}, StatusCode: 401}),
			"Acquire token silent: nothing was sent, because an earlier request had this answer: the client secret has expired (the server's code: AADSTS7000222, invalid_client; HTTP 401). " +
				"Create a new secret in the app registration and give it to the program. The operator of this program has to act. Try again once that is changed, not before.", domain.ProblemThrottled},
		{"kept back, and nobody says why", kept(nil),
			"Acquire token silent: the server asked for a pause that has not ended. Wait, and let requests for the same token share one client and its cache. " +
				"The developer of this program has to act. Try again at 2026-11-24T12:10:00Z.", domain.ProblemThrottled},
		{"of elsewhere", errors.New("alice@contoso.onmicrosoft.com was here"),
			"The library knows nothing of this error; it came from elsewhere, and its own text says what there is to say.", domain.ProblemUnknown},
		{"none", nil, "There is no error.", domain.ProblemUnknown},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := keyport.Explain(row.err)
			if got != row.want {
				t.Errorf("got\n%s\nwant\n%s", got, row.want)
			}
			if strings.Contains(got, "alice") {
				t.Error("it names a person")
			}
			d := keyport.Diagnose(row.err)
			if d.Problem != row.problem {
				t.Errorf("the problem is %v, want %v", d.Problem, row.problem)
			}
			if first, _, _ := strings.Cut(row.want, "\n\n"); !d.IsZero() && d.String() != first {
				t.Errorf("the diagnosis is\n%s\nwant\n%s", d.String(), first)
			}
		})
	}
}

// TestExplainWhatReallyHappens: the errors of the library itself, through a server that
// puts names and secrets into everything that it says.
func TestExplainWhatReallyHappens(t *testing.T) {
	p := newPlanned(t, nil)
	account := p.signIn(p.app)
	secret := keyporttest.PlantSecret("something in an answer")
	body := fmt.Sprintf(`{"error":"invalid_grant","suberror":"bad_token","error_codes":[50173],"error_description":"AADSTS50173: %s of %s","claims":"{\"x\":\"%s\"}","error_uri":"https://x/?%s"}`,
		secret, keyporttest.Username, secret, secret)
	answer := func(rule keyporttest.Rule) {
		rule.Endpoint, rule.Times = keyporttest.EndpointToken, 1
		p.server.Script(rule)
	}
	for _, row := range []struct {
		name    string
		rule    keyporttest.Rule
		problem keyport.Problem
		part    string
	}{
		{"a page", keyporttest.Rule{Body: "<html>" + secret}, domain.ProblemResponse, "proxy or sign-in page"},
		{"a server that fails", keyporttest.Rule{Status: 500, Body: secret}, domain.ProblemServer, "HTTP 500"},
		{"asked to wait", keyporttest.Rule{Status: 429, Header: http.Header{"Retry-After": {"7"}}, Body: `{"error":"temporarily_unavailable"}`}, domain.ProblemThrottled, "after 7s"},
		{"a redirect", keyporttest.Rule{Status: 302, Header: http.Header{"Location": {"https://evil.example/?" + secret}}}, domain.ProblemResponse, "redirect"},
		{"no connection", keyporttest.Rule{Err: errors.New("reset by " + secret)}, domain.ProblemNetwork, "could not be reached"},
		{"refused", keyporttest.Rule{Status: 400, Body: body}, domain.ProblemGrant, "AADSTS50173, bad_token, invalid_grant"},
	} {
		t.Run(row.name, func(t *testing.T) {
			answer(row.rule)
			_, err := p.app.AcquireTokenSilent(t.Context(), keyport.SilentRequest{Scopes: []string{planScope}, Account: account, ForceRefresh: true})
			if err == nil {
				t.Fatal("there is no error")
			}
			d := keyport.Diagnose(err)
			if d.Problem != row.problem || !strings.HasPrefix(d.Operation, "acquire token silent") {
				t.Errorf("%v is a problem of %v in %q, want %v", err, d.Problem, d.Operation, row.problem)
			}
			if text := keyport.Explain(err); !strings.Contains(text, row.part) || !strings.HasPrefix(text, "Acquire token silent: ") {
				t.Errorf("%q is not in: %s", row.part, text)
			}
			p.advance(2 * time.Minute) // beyond whatever pause the answer asks for
			keyporttest.AssertClean(t, p.server, "the explanation", keyport.Explain(err), d, fmt.Sprintf("%+v %#v", d, d))
			if strings.Contains(keyport.Explain(err), secret) {
				t.Error("it holds what the server said")
			}
		})
	}
	p.cache.broken.Store(true)
	_, err := p.app.AcquireTokenSilent(t.Context(), keyport.SilentRequest{Scopes: []string{planScope}, Account: account})
	if d := keyport.Diagnose(err); d.Problem != domain.ProblemCache || d.Operation != "acquire token silent" {
		t.Errorf("%v is a problem of %v", err, d.Problem)
	}
	failing := func(context.Context, keyport.CredentialRequest) (keyport.Credential, error) {
		return keyport.Credential{}, errors.New(secret)
	}
	q := newPlanned(t, func(c *keyport.ConfidentialClientConfig) { c.Credential = keyport.CredentialFunc(failing) })
	_, err = q.app.AcquireTokenForClient(t.Context(), keyport.ClientCredentialsRequest{Scopes: []string{keyporttest.Graph + "/.default"}})
	if d := keyport.Diagnose(err); d.Problem != domain.ProblemCredential || strings.Contains(d.String(), secret) {
		t.Errorf("a failing provider is a problem of %v", d.Problem)
	}
}
