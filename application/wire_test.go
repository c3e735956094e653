package application_test

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"testing"
)

// TestTokenRequestsAgainstThoseOfRealMSALs does what three MSALs were recorded doing
// and compares the token requests. Whatever differs stands in the table of
// differences with its reason, and whatever stands there differs.
func TestTokenRequestsAgainstThoseOfRealMSALs(t *testing.T) {
	published, all, reasons := recordedDocuments(t), recordings(t), newReasonLedger()
	compared, unseen := 0, maps.Clone(wireFlows)
	for _, r := range all {
		if reasons.excuses(r) {
			compared++
			continue
		}
		t.Run(r.name(), func(t *testing.T) {
			compared++
			delete(unseen, r.Flow)
			run, known := wireFlows[r.Flow]
			if !known {
				t.Fatal("is neither compared nor listed in notCompared")
			}
			s := newWireSession(t, r, published)
			result, err := run(s)
			s.end()
			ours := append(s.net.requests(), outcomeFacts(result.AccessToken.Reveal(), err))
			theirs := append(factsOfPeer(t, r), outcomeOfPeer(r))
			for _, d := range compareRequests(ours, theirs) {
				if !reasons.explain(r, d) {
					t.Errorf("a difference that the table does not have:\n%s", d.row(r))
				}
			}
		})
	}
	if compared < len(all) {
		return // a part was run
	}
	for _, stale := range reasons.unused() {
		t.Errorf("this row of a table explains nothing: %s", stale)
	}
	for name := range unseen {
		t.Errorf("there is no recording of %s", name)
	}
}

// outcomeFacts is what the caller got, as one more set of facts.
func outcomeFacts(token string, err error) facts {
	if err != nil {
		return facts{"result": "an error"}
	}
	return facts{"result": token}
}

func outcomeOfPeer(r recording) facts {
	if r.Result.Error != "" {
		return facts{"result": "an error"}
	}
	return facts{"result": r.Result.AccessToken}
}

// difference is one fact that is not the same.
type difference struct{ fact, ours, theirs string }

// row writes the difference as a row of the table without a reason.
func (d difference) row(r recording) string {
	return fmt.Sprintf("{%q, %q, %q, %q, %q, \"\"},", r.Peer, r.Flow, d.fact, d.ours, d.theirs)
}

// compareRequests goes through two lists of requests side by side; the last item of each is the outcome.
func compareRequests(ours, theirs []facts) []difference {
	var all []difference
	n, m := len(ours)-1, len(theirs)-1
	if n != m {
		all = append(all, difference{"number of requests", strconv.Itoa(n), strconv.Itoa(m)})
	}
	for i := range min(n, m) {
		all = append(all, compareFacts(ours[i], theirs[i])...)
	}
	return append(all, compareFacts(ours[n], theirs[m])...)
}

func compareFacts(ours, theirs facts) []difference {
	both := maps.Clone(ours)
	maps.Copy(both, theirs)
	var all []difference
	for _, name := range slices.Sorted(maps.Keys(both)) {
		if ours[name] != theirs[name] {
			all = append(all, difference{name, ours[name], theirs[name]})
		}
	}
	return all
}
