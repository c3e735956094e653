package application

import (
	"context"
	"crypto/tls"
	"errors"
	"slices"
	"strings"

	"github.com/seed57855a68/keyport/domain"
)

// Diagnose says what an error of the library means: the class of the problem, who must
// do what about it, and whether to try again. It looks through everything that the
// error wraps. Of several problems in a joined error it returns the first; of an error
// that it knows nothing of, the zero Diagnosis.
//
// A Diagnosis holds no secret, nothing of a server's description, and nothing of
// errors that are not the library's: any of them may name a person.
func Diagnose(err error) domain.Diagnosis {
	all := diagnoses(err)
	if len(all) == 0 {
		return domain.Diagnosis{}
	}
	return all[0]
}

// Explain returns what [Diagnose] knows as a paragraph for people, one for each problem
// of a joined error. It is fit for a log, a support case or the screen of a
// command-line program.
func Explain(err error) string {
	if err == nil {
		return "There is no error."
	}
	all := diagnoses(err)
	if len(all) == 0 {
		return "The library knows nothing of this error; it came from elsewhere, and its own text says what there is to say."
	}
	paragraphs := make([]string, len(all))
	for i, d := range all {
		paragraphs[i] = d.String()
	}
	return strings.Join(paragraphs, "\n\n")
}

func diagnoses(err error) []domain.Diagnosis {
	var all []domain.Diagnosis
	if err != nil {
		collect(err, "", &all)
	}
	return all
}

// collect adds what is known of an error: of what it wraps, the outermost first, and
// else of the words in front. operation is what the errors around it say was attempted.
func collect(err error, operation string, all *[]domain.Diagnosis) {
	before := len(*all)
	walk(err, operation, all)
	if d, ok := byOwnWords(err); ok && len(*all) == before {
		add(all, d, operation)
	}
}

func walk(err error, operation string, all *[]domain.Diagnosis) {
	if o := operationIn(err); o != "" && !strings.Contains(operation, ": ") { // a callback's own operation goes behind it
		operation = o + callbackIn(err, o)
	}
	if d, ok := diagnosisOf(err); ok {
		add(all, afterCause(d, err), operation)
		return
	}
	switch e := err.(type) { //nolint:errorlint // this is the walk
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			if inner != nil {
				collect(inner, operation, all)
			}
		}
	case interface{ Unwrap() error }:
		if inner := e.Unwrap(); inner != nil {
			walk(inner, operation, all)
		}
	}
}

// afterCause adds to an error that is a sentinel through Is, such as a request that was
// kept back because of an earlier answer, what is known of the answer. What only the user
// or a change can mend is not better later.
func afterCause(d domain.Diagnosis, err error) domain.Diagnosis {
	if _, complete := err.(domain.Diagnoser); complete { //nolint:errorlint // walk walks the chain
		return d
	}
	var causes []domain.Diagnosis
	if cause := errors.Unwrap(err); cause != nil {
		walk(cause, "", &causes)
	}
	kept, isKept := err.(*domain.ThrottledError) //nolint:errorlint // walk walks the chain
	if isKept {
		d.Until = kept.Until
	}
	if len(causes) == 0 {
		return d
	}
	c := causes[0]
	c.Problem, c.Meaning = d.Problem, d.Meaning+", because "+c.Meaning
	if isKept { // what the server asked for then is part of the end, and a refusal asks for nothing
		c.Until, c.RetryAfter = d.Until, 0
		c.Meaning = "nothing was sent, because an earlier request had this answer: " + causes[0].Meaning
	}
	if c.Retry == domain.RetryUnknown {
		c.Retry = d.Retry
	}
	return c
}

// add puts a diagnosis under what was attempted, unless it is there already.
func add(all *[]domain.Diagnosis, d domain.Diagnosis, operation string) {
	if !strings.HasPrefix(d.Operation, operation) {
		d.Operation = strings.TrimSuffix(operation+": "+d.Operation, ": ")
	}
	if !slices.ContainsFunc(*all, func(o domain.Diagnosis) bool { return o.String() == d.String() }) {
		*all = append(*all, d)
	}
}

// diagnosisOf knows one error, without what it wraps.
func diagnosisOf(err error) (domain.Diagnosis, bool) {
	var lost *domain.TransportError
	if d, ok := domain.DiagnosisOf(err); ok {
		if errors.As(err, &lost) {
			d = untrusted(d, lost)
		}
		return d, true
	}
	switch err { //nolint:errorlint // collect walks the chain
	case context.Canceled:
		return domain.Diagnosis{
			Problem: domain.ProblemCanceled, Retry: domain.RetryLater, Meaning: "the caller gave up before there was an answer",
			Remedy: "Nothing is to be done when the program meant to; otherwise look for who cancels the context.",
		}, true
	case context.DeadlineExceeded:
		return domain.Diagnosis{
			Problem: domain.ProblemCanceled, Retry: domain.RetryLater, Actor: domain.ActorOperator, Meaning: "the time that the caller gave was over before there was an answer",
			Remedy: "Give the call more time, or look for what is slow: the network, the server, or a queue for a user's refresh token.",
		}, true
	}
	return domain.Diagnosis{}, false
}

// untrusted tells a certificate that is not trusted from a server that is away.
func untrusted(d domain.Diagnosis, e *domain.TransportError) domain.Diagnosis {
	var certificate *tls.CertificateVerificationError
	if errors.As(e.Err, &certificate) {
		d.Retry, d.Meaning = domain.RetryAfterChange, "the server's certificate is not trusted"
		d.Remedy = "Check the name of the host and this machine's clock; behind a proxy that opens TLS, add its root certificate to the HTTP client."
	}
	return d
}

var panicked = domain.Diagnosis{
	Problem: domain.ProblemConfiguration, Retry: domain.RetryAfterChange, Actor: domain.ActorDeveloper, Meaning: "a hook, a callback or a port of this program panicked",
	Remedy: "Run the program with a debugger, or look at what was added last; the panic's own words are not shown, because they may hold anything.",
}

// operations are the use cases by which errors begin.
var operations = [...]string{
	forClient, silently, onBehalfOf, longRunning, byAuthCodeFlow, byAuthorizationCode, byDeviceFlow, initiation, interactively, byRefreshToken,
}

func operationIn(err error) string {
	text := err.Error()
	for _, o := range operations {
		if strings.HasPrefix(text, o+": ") {
			return o
		}
	}
	return ""
}

// callbackIn is the callback that failed, as the library wrote it behind the operation:
// what it wraps is an answer to a request of its own.
func callbackIn(err error, operation string) string {
	for _, c := range []string{"before-request hook", "client assertion callback", "credential provider"} {
		if strings.HasPrefix(err.Error(), operation+": "+c+": ") {
			return ": " + c
		}
	}
	return ""
}

// byOwnWords knows errors of ports and callbacks by what the library wrote in front of
// them: their own text may hold anything.
func byOwnWords(err error) (domain.Diagnosis, bool) {
	text := err.Error()
	for _, w := range []struct {
		words string
		means domain.Diagnosis
	}{
		{"the token cache ", domain.Diagnosis{
			Problem: domain.ProblemCache, Retry: domain.RetryLater, Actor: domain.ActorOperator, Meaning: "the token cache failed",
			Remedy: "Look into the store behind Ports.TokenCache; its own error is wrapped in this one.",
		}},
		{"client assertion callback: ", domain.Diagnosis{
			Problem: domain.ProblemCredential, Retry: domain.RetryLater, Actor: domain.ActorOperator, Meaning: "the callback that brings client assertions failed",
			Remedy: "Look into what it asks for the assertion; its own error is wrapped in this one.",
		}},
		{"credential provider: ", domain.Diagnosis{
			Problem: domain.ProblemCredential, Retry: domain.RetryLater, Actor: domain.ActorOperator, Meaning: "the callback that brings the credential failed",
			Remedy: "Look into where it reads the secret or certificate from; its own error is wrapped in this one.",
		}},
		{"before-request hook: ", domain.Diagnosis{
			Problem: domain.ProblemConfiguration, Retry: domain.RetryLater, Actor: domain.ActorDeveloper, Meaning: "the hook BeforeRequest failed, so nothing was sent",
			Remedy: "Look into what it asks for; its own error is wrapped in this one.",
		}},
		{": panic with a value of type ", panicked},
		{": panic: ", panicked},
		{"no browser could be opened", domain.Diagnosis{
			Problem: domain.ProblemConfiguration, Retry: domain.RetryAfterChange, Actor: domain.ActorDeveloper, Meaning: "no browser could be opened on this machine",
			Remedy: "Set OnAuthorizationURL to show the address to the user, or use InitiateDeviceFlow.",
		}},
	} {
		if strings.Contains(text, w.words) {
			d := w.means
			d.Operation = operationIn(err)
			return d, true
		}
	}
	return domain.Diagnosis{}, false
}
