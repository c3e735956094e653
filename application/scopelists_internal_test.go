package application

import (
	"fmt"
	"testing"

	"github.com/seed57855a68/keyport/domain"
)

// TestScopeListsMeanWhatTheyParseTo: remembered or not, the same list has the same
// scopes, and a list that was changed since is another.
func TestScopeListsMeanWhatTheyParseTo(t *testing.T) {
	var lists scopeLists
	mine := []string{"User.Read", "Mail.Read"}
	for _, list := range [][]string{mine, {"User.Read"}, {"user.read"}, {"Mail.Read", "User.Read"}, mine, {}, nil, {"User.Read"}} {
		got, err := lists.parse(list)
		if want, _ := domain.ParseScopes(list); err != nil || got != want {
			t.Errorf("%q: got %v, %v, want %v", list, got, err, want)
		}
	}
	mine[0] = "Files.Read"
	if got, _ := lists.parse(mine); got.String() != "Files.Read Mail.Read" {
		t.Errorf("got %v for a list that was changed", got)
	}
	for range 2 {
		if _, err := lists.parse([]string{"User.Read", "a b"}); err == nil {
			t.Error("what is no scope was accepted")
		}
	}
}

// TestScopeListsAreFewAndFree: what is remembered is parsed without an allocation, and
// what a program makes up anew each time does not pile up.
func TestScopeListsAreFewAndFree(t *testing.T) {
	var lists scopeLists
	first := []string{"User.Read", "Mail.Read"}
	for i := range 10 * maxScopeLists {
		_, _ = lists.parse(first)
		_, _ = lists.parse([]string{fmt.Sprintf("Scope%d", i)})
	}
	if n := len(*lists.known.Load()); n != maxScopeLists {
		t.Errorf("%d lists are remembered, want %d", n, maxScopeLists)
	}
	if n := testing.AllocsPerRun(100, func() { _, _ = lists.parse(first) }); n != 0 {
		t.Errorf("%v allocations for a list that was remembered", n)
	}
	var none scopeLists
	for range 2 {
		_, _ = none.parse([]string{"https://graph.microsoft.com/.default"})
	}
	if none.known.Load() != nil {
		t.Error("a scope that takes no work is remembered")
	}
}
