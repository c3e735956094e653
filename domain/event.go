package domain

import "time"

// Event is something that an observer is told of: an [AcquisitionEvent], a
// [CacheEvent] or a [RefreshEvent]. Events hold no secret and nothing that names a
// person; of a tenant they say no more than the login host does. So they can go
// wherever measurements go.
type Event interface{ isEvent() }

// Activity is what an acquisition and a background refresh have in common.
type Activity struct {
	API           APIID  // the use case
	ClientID      string // the application
	Environment   string // the login host of the cloud or provider
	AuthorityKind AuthorityKind
	// CorrelationID is the client-request-id of the last request, to find the log line;
	// "" when nothing was sent. Each is new, so it is no good as a label.
	CorrelationID string

	Start     time.Time
	Durations Durations
	Attempts  int // token requests
	Requests  int // HTTP requests of all kinds, as the HTTP client got them

	Failure Failure
	Region  RegionOutcome
}

// Durations say where the time went. All but Total are parts of it; a part in which
// nothing happened is zero.
type Durations struct {
	Total   time.Duration
	Cache   time.Duration // in the token cache
	HTTP    time.Duration // from sending a request to having read its answer
	Signing time.Duration // proving who the client is, in callbacks too
	Waiting time.Duration // for another's flight, turn or lease
}

// Failure is an error without its words. The zero Failure is none.
type Failure struct {
	Kind ErrorKind
	// Code is the server's error code (RFC 6749 §5.2), when it is one that is registered,
	// and "other" else: a server must not fill your database with labels.
	Code       string
	ServerCode int // the first AADSTS number; 0 for none
	Status     int // the HTTP status that came with it; 0 for none
}

// IsZero reports whether nothing failed.
func (f Failure) IsZero() bool { return f == Failure{} }

// AcquisitionEvent tells how one call of an acquire method ended.
type AcquisitionEvent struct {
	Activity

	Source        TokenSource // zero when it failed
	RefreshReason RefreshReason
	TokenType     string
	// RemainingLife is how long the token will serve; zero for unknown.
	RemainingLife time.Duration
	// Shared says that another caller's request brought the token, or the error.
	Shared bool
	// Throttled says that a pause which the server asked for is on, or that nothing was sent
	// because the server has just refused the same request: Attempts is zero then.
	Throttled bool
	// RenewalFailure is why an old token was served although it should have been renewed.
	RenewalFailure Failure
}

// CacheOperation is what a token cache was asked to do.
type CacheOperation string

// The operations of a token cache.
const (
	CacheLoad   CacheOperation = "load"
	CacheUpdate CacheOperation = "update"
	CacheKeys   CacheOperation = "keys"
)

// CacheEvent tells how one operation of the token cache went.
type CacheEvent struct {
	Operation CacheOperation
	ClientID  string        // of the client that asked
	Partition PartitionKind // zero when the keys of all kinds were asked for
	Start     time.Time
	Duration  time.Duration
	Failure   Failure
	// Hit says that something was stored there. Whether it served, the acquisition tells.
	Hit bool
	// Runs is how often an update computed its change: more than once when others wrote
	// at the same time.
	Runs int
	// Keys is how many keys were yielded.
	Keys int
}

// RefreshEvent tells how one renewal in the background ended. Its Failure harms nobody
// yet: the old token serves.
type RefreshEvent struct {
	Activity

	// NextTry is the earliest time for another try after a failure; zero after a success.
	NextTry time.Time
}

func (AcquisitionEvent) isEvent() {}
func (CacheEvent) isEvent()       {}
func (RefreshEvent) isEvent()     {}
