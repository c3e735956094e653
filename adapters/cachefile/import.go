package cachefile

import (
	"context"
	"fmt"

	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/ports"
)

// Import copies what another cache has, a [TokenCache] for example, and returns how many records are new here. Tokens
// that came later stay ([domain.TokenSet.Merged]), and from is not changed. To import twice does no
// harm, except that it brings back who has signed out here and is still there: delete the
// plain file when no other program needs it, or import when there is none of the folder yet. When it fails, what
// was copied until then stays.
func (c *SealedTokenCache) Import(ctx context.Context, from ports.TokenCache) (n int, err error) {
	if from == nil {
		return 0, &domain.ConfigError{Field: "from", Problem: "is nil", Remedy: "pass the cache to copy"}
	}
	for key, err := range from.Keys(ctx, domain.PartitionFilter{}) {
		if err != nil {
			return n, fmt.Errorf("import tokens: %w", err)
		}
		theirs, err := from.Load(ctx, key)
		if err != nil {
			return n, fmt.Errorf("import tokens: %w", err)
		}
		added := 0
		err = c.Update(ctx, key, func(mine domain.TokenSet) (domain.TokenSet, error) {
			merged := mine.Merged(theirs)
			put, _ := merged.Diff(mine)
			added = len(put)
			return merged, nil
		})
		if err != nil {
			return n, fmt.Errorf("import tokens: %w", err)
		}
		n += added
	}
	return n, nil
}
