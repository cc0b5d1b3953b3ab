package dynamodb

import "sync"

// maxMemoEntries is the maximum number of expressions in a memo.
const maxMemoEntries = 4096

// memo caches parsed expressions, because programs send the same few again and again. A
// parsed expression depends only on its text and never changes. All databases share the
// memos, so a new database need not parse again.
type memo[T any] struct {
	parse func(string) (T, error)

	mu     sync.RWMutex
	parsed map[string]T
}

var (
	conditions  = memo[parsedCondition]{parse: parseCondition}
	updates     = memo[*update]{parse: parseUpdate}
	projections = memo[*projection]{parse: parseProjection}
)

// get returns the parsed expression. It does not cache errors.
func (m *memo[T]) get(expression string) (T, error) {
	m.mu.RLock()
	known, ok := m.parsed[expression]
	m.mu.RUnlock()
	if ok {
		return known, nil
	}
	fresh, err := m.parse(expression)
	if err != nil {
		return fresh, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.parsed == nil || len(m.parsed) >= maxMemoEntries {
		m.parsed = map[string]T{}
	}
	m.parsed[expression] = fresh
	return fresh, nil
}
