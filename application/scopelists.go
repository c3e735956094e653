package application

import (
	"slices"
	"sync/atomic"

	"github.com/seed57855a68/keyport/domain"
)

// maxScopeLists is how many lists a client remembers. Programs ask with few.
const maxScopeLists = 16

// scopeLists remembers what lists of scopes mean that take an allocation to parse, such
// as "User.Read" for its capitals: they are parsed on the path of every hit.
type scopeLists struct {
	known atomic.Pointer[[]parsedScopes] // never changed, only replaced
}

type parsedScopes struct {
	list   []string
	scopes domain.Scopes
}

// parse is [domain.ParseScopes].
func (s *scopeLists) parse(list []string) (domain.Scopes, error) {
	known := s.known.Load()
	if known != nil {
		for i := range *known {
			if p := &(*known)[i]; slices.Equal(p.list, list) {
				return p.scopes, nil
			}
		}
	}
	scopes, err := domain.ParseScopes(list)
	if err == nil && (len(list) > 1 || scopes.Key() != scopes.String()) {
		s.remember(known, parsedScopes{slices.Clone(list), scopes})
	}
	return scopes, err
}

// remember adds to what was known. Of two goroutines that do so at once one does it in
// vain, and will again.
func (s *scopeLists) remember(known *[]parsedScopes, p parsedScopes) {
	var all []parsedScopes
	if known != nil {
		all = *known
	}
	if len(all) < maxScopeLists {
		all = append(slices.Clone(all), p)
		s.known.CompareAndSwap(known, &all)
	}
}
