package domain

import (
	"fmt"
	"strings"
	"time"
)

// Problem is the class of what went wrong.
type Problem uint8

// The classes of problems.
const (
	ProblemUnknown       Problem = iota // nothing is known of the error
	ProblemConfiguration                // an argument or a setting of this program
	ProblemCredential                   // what the client proves itself with
	ProblemRegistration                 // the client is not registered, or not for this
	ProblemTenant                       // the tenant or the authority
	ProblemScope                        // the scopes, or the resource that they name
	ProblemRequest                      // the server does not take a request of this form
	ProblemGrant                        // the code, assertion or refresh token does not serve any more
	ProblemSignIn                       // the user has to sign in, or to prove more
	ProblemConsent                      // nobody has granted the application what it asks for
	ProblemPolicy                       // a policy of the organisation forbids it
	ProblemAccount                      // the user's account: missing, locked, disabled
	ProblemDenied                       // somebody said no
	ProblemPending                      // the user is not done yet
	ProblemThrottled                    // too many requests
	ProblemServer                       // the server, or one that it depends on, failed
	ProblemNetwork                      // the server could not be reached
	ProblemResponse                     // the server's answer cannot be used
	ProblemNotCached                    // nothing in the cache serves, and nothing was sent
	ProblemCache                        // the cache itself failed
	ProblemCanceled                     // the caller gave up
	ProblemClosed                       // the client is closed
)

var problemNames = [...]string{
	"unknown", "configuration", "credential", "registration", "tenant", "scope", "request", "grant", "sign-in", "consent", "policy",
	"account", "denied", "pending", "throttled", "server", "network", "response", "not cached", "cache", "canceled", "closed",
}

// String returns the problem's name, for logs and metrics.
func (p Problem) String() string { return nameIn(problemNames[:], int(p)) }

// Retry says whether the same request may be sent again, and when.
type Retry uint8

// When to try again.
const (
	RetryUnknown     Retry = iota // nothing is known of the error
	RetryNever                    // the same request fails again
	RetryLater                    // after a while: at Until, or after RetryAfter, when that is known
	RetryAfterUser                // once the user has acted
	RetryAfterChange              // once the configuration has been changed
)

var retryNames = [...]string{"unknown", "never", "later", "after the user has acted", "after a change of the configuration"}

// String returns a few words that say when.
func (r Retry) String() string { return nameIn(retryNames[:], int(r)) }

// Actor is who has to do something about an error.
type Actor uint8

// Who has to act.
const (
	ActorUnknown       Actor = iota // nothing is known of the error
	ActorUser                       // the user who signs in
	ActorDeveloper                  // who writes the program
	ActorOperator                   // who runs the program: its secrets, clocks, network
	ActorAdministrator              // who administers the tenant, or the authorization server
	ActorServer                     // who runs the authorization server
)

var actorNames = [...]string{
	"nobody known", "the user", "the developer of this program", "the operator of this program",
	"an administrator of the tenant", "the operator of the authorization server",
}

// String names the actor in a sentence.
func (a Actor) String() string { return nameIn(actorNames[:], int(a)) }

func nameIn(names []string, i int) string {
	if i >= len(names) {
		i = 0
	}
	return names[i]
}

// Diagnosis says what an error means and what to do about it. It holds codes, ids and
// names of hosts and fields: no secret, nothing of the server's own description, and
// nothing about a person. Its zero value knows nothing.
type Diagnosis struct {
	Problem Problem
	Retry   Retry
	Actor   Actor
	Meaning string // what happened, in plain words, without a full stop
	Remedy  string // what to do, in one or two sentences

	Operation string   // what was attempted: "acquire token for client"; "" when not known
	Codes     []string // the server's codes, the most telling one first: "AADSTS7000222", "invalid_client"
	Field     string   // the argument, or the member of the answer, that is at fault
	Host      string   // the server, when no answer, or none of use, came from it
	Status    int      // HTTP status; 0 when there was no answer

	RetryAfter time.Duration // how long the server asks to wait; 0 when it does not say
	Until      time.Time     // when a request that was kept back is sent again; zero when it was not
	Claims     bool          // the error has claims to pass on to an interactive sign-in

	// For the support of the server. The timestamp is as the server wrote it.
	CorrelationID, TraceID, Timestamp string
}

// IsZero reports whether nothing is known of the error, not even that a server refused.
func (d Diagnosis) IsZero() bool { return d.Meaning == "" }

// String returns the diagnosis as a paragraph for people: what happened, what the
// server called it, who must do what, whether to try again, and what to give to
// support. It is "" when nothing is known.
func (d Diagnosis) String() string {
	if d.IsZero() {
		return ""
	}
	var s []string
	s = append(s, d.whatHappened())
	if d.Remedy != "" {
		s = append(s, d.Remedy)
	}
	if d.Claims {
		s = append(s, "Pass the Claims of the error on to the sign-in.")
	}
	if d.Actor != ActorUnknown {
		s = append(s, capital(d.Actor.String())+" has to act.")
	}
	if text := d.whenToRetry(); text != "" {
		s = append(s, text)
	}
	if text := d.forSupport(); text != "" {
		s = append(s, text)
	}
	return strings.Join(s, " ")
}

func (d Diagnosis) whatHappened() string {
	var b strings.Builder
	if d.Operation != "" {
		b.WriteString(d.Operation + ": ")
	}
	b.WriteString(d.Meaning)
	var facts []string
	if len(d.Codes) > 0 {
		facts = append(facts, "the server's code: "+strings.Join(d.Codes, ", "))
	}
	if d.Host != "" {
		facts = append(facts, "host "+d.Host)
	}
	if d.Status != 0 {
		facts = append(facts, fmt.Sprintf("HTTP %d", d.Status))
	}
	if len(facts) > 0 {
		b.WriteString(" (" + strings.Join(facts, "; ") + ")")
	}
	return capital(b.String()) + "."
}

func (d Diagnosis) whenToRetry() string {
	switch d.Retry {
	case RetryNever:
		return "Trying again does not help."
	case RetryLater:
		if !d.Until.IsZero() {
			return "Try again at " + d.Until.UTC().Format(time.RFC3339) + "."
		}
		if d.RetryAfter > 0 {
			return fmt.Sprintf("Try again after %v.", d.RetryAfter)
		}
		return "Try again later."
	case RetryAfterUser:
		return "Try again once the user has acted, not before."
	case RetryAfterChange:
		return "Try again once that is changed, not before."
	}
	return ""
}

func (d Diagnosis) forSupport() string {
	var ids []string
	for _, id := range []struct{ name, value string }{
		{"correlation id", d.CorrelationID}, {"trace id", d.TraceID}, {"timestamp", d.Timestamp},
	} {
		if id.value != "" {
			ids = append(ids, id.name+" "+id.value)
		}
	}
	if len(ids) == 0 {
		return ""
	}
	return "For a support case: " + strings.Join(ids, ", ") + "."
}

// capital returns a sentence with its first letter in upper case, if that is ASCII.
func capital(s string) string {
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return s
	}
	return string(s[0]-'a'+'A') + s[1:]
}
