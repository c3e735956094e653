package domain

import (
	"fmt"
	"strings"
	"time"
)

// PlanOutcome says what a request for a token would do.
type PlanOutcome uint8

// The outcomes of a plan.
const (
	PlanFails           PlanOutcome = iota + 1 // it fails, and nothing is sent: see Err
	PlanServes                                 // a cached token serves, and nothing is sent
	PlanServesAndRenews                        // a cached token serves at once, and is renewed in the background
	PlanRenews                                 // a request is sent; when it fails, the cached token serves
	PlanAsks                                   // a request is sent, and must bring the token
)

// String says what would happen, as the end of a sentence.
func (o PlanOutcome) String() string {
	return nameIn(outcomeNames[:], int(o))
}

var outcomeNames = [...]string{
	"is not known", "fails before anything is sent", "serves a cached token and sends nothing",
	"serves a cached token at once and renews it in the background",
	"asks for a new token, and serves the cached one when that fails", "asks for a token",
}

// TokenPlan says what a request for a token would do if it were made now: the dry run
// of an acquisition. It prints without secrets and without personal data.
type TokenPlan struct {
	Operation string // "acquire token silent"
	Outcome   PlanOutcome
	Reason    RefreshReason // why the cache does not serve
	Err       error         // what the request returns when it fails

	// Partition is where the cache is asked, and Tokens are the access tokens there: the
	// one that serves first, then the nearest misses.
	Partition PartitionKey
	Tokens    []PlannedToken
	// CacheError says that the cache could not be read.
	CacheError error

	// Requests would be sent, in this order. Keys to verify an ID token with may be
	// fetched as well, once there is an answer.
	Requests []PlannedRequest
	// Flight is the same for requests that would share one answer; "" when nothing is sent.
	Flight string
	// Underway says that such an answer is being waited for already: nothing more is sent.
	Underway bool
}

// PlannedToken is an access token in the cache, and why it does not serve.
type PlannedToken struct {
	Serves      bool
	Misses      []string // why it does not serve: "other tenant", "expired"
	State       Freshness
	Scopes      Scopes
	Environment string
	Tenant      string
	ExpiresOn   time.Time
	RefreshOn   time.Time // zero for unknown
}

// PlannedRequest is a request that would be sent.
type PlannedRequest struct {
	Operation string // "token endpoint", "metadata", "instance discovery"
	Method    string
	// URL, without the query; "" when it follows from metadata that are not at hand.
	URL string
	// Authentication is how the client proves itself: a method of RFC 7591 §2, or what
	// will be decided later. "" for none.
	Authentication string
	// Redeems says whose refresh token is redeemed: "the client's" or "the family's".
	Redeems string
	// Parameters of the form, by name.
	Parameters []PlannedParameter
}

// PlannedParameter is a parameter of a request. Its value is [Redacted] unless it is
// known to be neither secret nor personal.
type PlannedParameter struct{ Name, Value string }

// shownTokens bounds how many tokens a plan prints.
const shownTokens = 8

// String returns the plan as lines for people.
func (p TokenPlan) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %v", p.Operation, p.Outcome)
	if p.Reason != ReasonNotApplicable {
		fmt.Fprintf(&b, " (%v)", p.Reason)
	}
	b.WriteString("\n")
	if p.Outcome == PlanFails {
		fmt.Fprintf(&b, "  error: %s\n", p.problem())
	}
	if !p.Partition.IsZero() {
		fmt.Fprintf(&b, "  looks in: %v, which holds %s\n", p.Partition, accessTokensOf(len(p.Tokens)))
	}
	if p.CacheError != nil {
		b.WriteString("  the cache could not be read\n")
	}
	for i, t := range p.Tokens {
		if i == shownTokens {
			fmt.Fprintf(&b, "  and %d more\n", len(p.Tokens)-shownTokens)
			break
		}
		fmt.Fprintf(&b, "  %v\n", t)
	}
	for _, r := range p.Requests {
		fmt.Fprintf(&b, "  sends: %v\n", r)
	}
	if p.Flight != "" {
		fmt.Fprintf(&b, "  shares its answer with all of flight %s", p.Flight)
		if p.Underway {
			b.WriteString(", which is under way: nothing more is sent")
		}
		b.WriteString("\n")
	}
	return b.String()
}

func accessTokensOf(n int) string {
	switch n {
	case 0:
		return "no access token"
	case 1:
		return "1 access token"
	}
	return fmt.Sprintf("%d access tokens", n)
}

// problem is what the error means; its own text may come from a port.
func (p TokenPlan) problem() string {
	for _, s := range sentinelMeanings {
		if is, ok := p.Err.(interface{ Unwrap() error }); p.Err == s.err || ok && is.Unwrap() == s.err { //nolint:errorlint // one step is as far as plans wrap
			return s.means.Meaning
		}
	}
	if d, ok := DiagnosisOf(p.Err); ok {
		return d.Meaning
	}
	return "see Err"
}

// Format implements [fmt.Formatter] with the text of String for every verb: the
// fields hold keys that name people.
func (p TokenPlan) Format(f fmt.State, _ rune) { _, _ = fmt.Fprint(f, p.String()) }

// String returns the token as one line.
func (t PlannedToken) String() string {
	what := "misses: "
	if t.Serves {
		what = "serves: "
	}
	text := fmt.Sprintf("%s%s, tenant %s, ends %s, %v", what, t.Scopes, t.Tenant, t.ExpiresOn.UTC().Format(time.RFC3339), t.State)
	if len(t.Misses) > 0 {
		text += " — " + strings.Join(t.Misses, ", ")
	}
	return text
}

// String returns the request, one line for each parameter.
func (r PlannedRequest) String() string {
	where := r.URL
	if where == "" {
		where = "the " + r.Operation + " that the metadata name"
	}
	text := r.Method + " " + where
	if r.Redeems != "" {
		text += ", redeeming " + r.Redeems + " refresh token"
	}
	if r.Authentication != "" {
		text += ", client authentication: " + r.Authentication
	}
	for _, p := range r.Parameters {
		text += "\n    " + p.Name + "=" + p.Value
	}
	return text
}
