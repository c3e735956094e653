package domain

import (
	"errors"
	"strings"
)

// Diagnoser is an error that knows what it means. The typed errors of this package
// are; an adapter's own errors may be, too.
type Diagnoser interface {
	error
	Diagnosis() Diagnosis
}

// Diagnosis says what the refusal means: by its number where one is known, else by
// the status of a server that fails, else by its suberror and error code.
func (e *OAuthError) Diagnosis() Diagnosis {
	d := Diagnosis{
		Codes: e.Codes(), Operation: PrintableText(e.Operation), Status: e.StatusCode, RetryAfter: e.RetryAfter, Claims: e.Claims != "",
		CorrelationID: PrintableText(e.CorrelationID), TraceID: PrintableText(e.TraceID), Timestamp: PrintableText(e.Timestamp),
	}
	known, ok := e.Known()
	switch {
	case ok && known.isNumber():
		return d.of(known)
	case e.StatusCode == statusTooMany:
		return d.of(tooManyRequests)
	case e.StatusCode >= 500:
		return d.of(failingServer)
	case ok:
		return d.of(known)
	}
	return d.of(ServerCode{
		Actor: ActorDeveloper, Meaning: "the server refused the request with a code that the library does not know",
		Remedy: "Read the description in the error, and look the code up in the documentation of the server.",
	})
}

func (c ServerCode) isNumber() bool {
	prefix, at := firstPrefix(c.Code)
	return prefix != "" && at == 0
}

// of fills in what is known of a code.
func (d Diagnosis) of(c ServerCode) Diagnosis {
	d.Problem, d.Retry, d.Actor, d.Meaning, d.Remedy = c.Problem, c.Retry, c.Actor, c.Meaning, c.Remedy
	return d
}

const statusTooMany = 429

// What an answer means by its status alone, and a sentinel by itself.
var (
	tooManyRequests = ServerCode{
		Problem: ProblemThrottled, Retry: RetryLater, Actor: ActorDeveloper, Meaning: "there are too many requests",
		Remedy: "Wait, and let requests for the same token share one client and its cache.",
	}
	failingServer = ServerCode{Problem: ProblemServer, Retry: RetryLater, Actor: ActorServer, Meaning: "the server fails", Remedy: tryLater}
	redirected    = ServerCode{
		Problem: ProblemResponse, Retry: RetryAfterChange, Actor: ActorOperator,
		Meaning: "a request with credentials was answered by a redirect, which was not followed",
		Remedy:  "Check the authority, and that no proxy or sign-in page of the network answers in the server's place.",
	}
)

// Diagnosis says which argument is wrong, and what to pass instead.
func (e *ConfigError) Diagnosis() Diagnosis {
	return Diagnosis{
		Problem: ProblemConfiguration, Retry: RetryAfterChange, Actor: ActorDeveloper, Field: e.Field,
		Meaning: "invalid " + e.Field + ": " + e.Problem, Remedy: sentence(e.Remedy),
	}
}

// Diagnosis says what is wrong with the answer.
func (e *ResponseError) Diagnosis() Diagnosis {
	d := Diagnosis{
		Operation: e.Operation, Host: e.Host, Status: e.Status, Field: e.Field,
		RetryAfter: e.RetryAfter, CorrelationID: PrintableText(e.CorrelationID), TraceID: PrintableText(e.TraceID),
	}
	switch {
	case errors.Is(e.Err, ErrRedirectRefused):
		return d.of(redirected)
	case e.Status == statusTooMany:
		return d.of(tooManyRequests)
	case e.Status >= 500:
		return d.of(failingServer)
	}
	d = d.of(ServerCode{
		Problem: ProblemResponse, Retry: RetryAfterChange, Actor: ActorOperator, Meaning: "the server's answer cannot be used",
		Remedy: "Check that the authority is the right one and that nothing between here and there answers in its place.",
	})
	if what := strings.TrimSpace(e.Field + " " + e.Problem); what != "" {
		d.Meaning += ": " + PrintableText(what)
	}
	if e.Remedy != "" {
		d.Remedy = sentence(e.Remedy)
	}
	return d
}

// Diagnosis says that the server could not be reached.
func (e *TransportError) Diagnosis() Diagnosis {
	d := Diagnosis{Operation: e.Operation, Host: e.Host, CorrelationID: PrintableText(e.CorrelationID)}
	var late interface{ Timeout() bool }
	if errors.As(e.Err, &late) && late.Timeout() {
		return d.of(ServerCode{
			Problem: ProblemNetwork, Retry: RetryLater, Actor: ActorOperator, Meaning: "the server did not answer in time",
			Remedy: "Check the network and its proxy; if the server is slow, give the call more time.",
		})
	}
	return d.of(ServerCode{
		Problem: ProblemNetwork, Retry: RetryLater, Actor: ActorOperator, Meaning: "the server could not be reached",
		Remedy: "Check the name of the host, the network, its proxy and its firewall.",
	})
}

// DiagnosisOf says what one error means: a [Diagnoser], a sentinel of this package, or
// an error that says through Is that it is one. It does not look into what it wraps.
func DiagnosisOf(err error) (Diagnosis, bool) {
	if d, ok := err.(Diagnoser); ok { //nolint:errorlint // the caller walks the chain
		return d.Diagnosis(), true
	}
	is, ok := err.(interface{ Is(error) bool })
	for _, s := range sentinelMeanings {
		if err == s.err || ok && is.Is(s.err) { //nolint:errorlint // likewise
			return Diagnosis{}.of(s.means), true
		}
	}
	return Diagnosis{}, false
}

// sentinelMeanings has what is more telling first: an error may be several of them.
var sentinelMeanings = []struct {
	err   error
	means ServerCode
}{
	{ErrTokenNotCached, ServerCode{"", ProblemNotCached, RetryAfterUser, ActorUser, "nothing in the cache serves the request, and nothing was sent", "Have the user sign in; PlanTokenSilent tells what the cache has."}},
	{ErrResponseMismatch, ServerCode{"", ProblemResponse, RetryAfterUser, ActorUser, "the answer of a sign-in belongs to another flow, or to one that is over", "Ignore it, and show the sign-in link again."}},
	{ErrAuthorizationPending, ServerCode{"", ProblemPending, RetryLater, ActorUser, "the user has not finished on the other device", "Poll again at the flow's NextPoll."}},
	{ErrClientClosed, ServerCode{"", ProblemClosed, RetryNever, ActorDeveloper, "the client was used after Close", "Close the client when the program ends, or make a new one."}},
	{ErrRedirectRefused, redirected},
	{ErrThrottled, ServerCode{"", ProblemThrottled, RetryLater, ActorDeveloper, "the server asked for a pause that has not ended", tooManyRequests.Remedy}},
	{ErrInteractionRequired, ServerCode{"", ProblemSignIn, RetryAfterUser, ActorUser, "only the user can go on", signInAfresh}},
	{ErrAccessDenied, ServerCode{"", ProblemDenied, RetryAfterUser, ActorUser, "the user, or a rule of the server, said no", "Tell the user that access was not granted; do not ask again by yourself."}},
	{ErrInvalidClient, ServerCode{"", ProblemCredential, RetryAfterChange, ActorOperator, "the server does not accept the client id or its credential", "Compare ClientID and Credential with the client's registration."}},
	{ErrUnavailable, ServerCode{"", ProblemServer, RetryLater, ActorServer, "the server could not be reached, or failed", tryLater}},
}

// sentence makes one of a remedy as errors have it.
func sentence(s string) string {
	if s == "" || strings.HasSuffix(s, ".") {
		return capital(s)
	}
	return capital(s) + "."
}
