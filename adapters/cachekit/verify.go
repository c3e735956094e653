package cachekit

import (
	"context"

	"github.com/seed57855a68/keyport/domain"
)

// Verify opens every set that the store lists, for a program's start: a missing key then shows there, and not by users
// who sign in again. The problems are all that was found. The error is one that stands
// in the way of writing, the first there is: the store's, or that of a set whose key is missing or
// that a newer version wrote. What is damaged is no error, because the next write mends it.
func (c *TokenCache) Verify(ctx context.Context) ([]Problem, error) {
	names, err := c.names(ctx, domain.PartitionFilter{})
	if err != nil {
		return nil, failed("verify", "", err)
	}
	var problems []Problem
	var first error
	for _, name := range names {
		s, err := c.read(ctx, name)
		switch {
		case ctx.Err() != nil:
			return problems, ctx.Err()
		case err != nil:
			problems = append(problems, Problem{Name: name, Err: err})
		case s.document != nil:
			problems = append(problems, s.document.problems...)
			err = s.document.blocked
		}
		if first == nil && err != nil && !isLost(err) {
			first = failed("verify", name, err)
		}
	}
	return problems, first
}
