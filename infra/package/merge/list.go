package merge

import "reflect"

// alignAll aligns the lists of all variants with a list. It fails if a variant has an item for
// which the list has no place.
func alignAll(list []any, others []other) ([][]other, bool) {
	all := make([][]other, len(others))
	for i, o := range others {
		items, ok := o.value.([]any)
		if !ok {
			return nil, false
		}
		if all[i], ok = align(list, items, o.condition); !ok {
			return nil, false
		}
	}
	return all, true
}

// align finds for each item of a list what a variant has in its place: the same one, another one,
// or nothing.
func align(list, variant []any, condition string) ([]other, bool) {
	at := make([]other, len(list))
	for i := range at {
		at[i] = other{condition: condition, absent: true}
	}
	fromList, fromVariant := 0, 0
	for _, pair := range append(common(list, variant), [2]int{len(list), len(variant)}) {
		// Between two common items, the last ones have taken each other's place.
		gap := pair[1] - fromVariant
		if gap > pair[0]-fromList {
			return nil, false
		}
		for k := 1; k <= gap; k++ {
			at[pair[0]-k] = other{condition: condition, value: variant[pair[1]-k]}
		}
		if pair[0] < len(list) {
			at[pair[0]] = other{condition: condition, value: variant[pair[1]]}
		}
		fromList, fromVariant = pair[0]+1, pair[1]+1
	}
	return at, true
}

// common returns the places of a longest common subsequence of two lists. Of several it prefers
// later places: of "a, b, c" and "a, b" the "c" is missing with the comma before it, so that
// what is removed by one condition does not take what another one leaves.
func common(a, b []any) [][2]int {
	length := make([][]int, len(a)+1) // of the longest one of the first i and the first j items
	for i := range length {
		length[i] = make([]int, len(b)+1)
	}
	equal := comparer(a, b)
	for i := range a {
		for j := range b {
			length[i+1][j+1] = max(length[i][j+1], length[i+1][j])
			if equal(i, j) {
				length[i+1][j+1] = length[i][j] + 1
			}
		}
	}
	pairs := make([][2]int, length[len(a)][len(b)])
	for i, j, left := len(a), len(b), len(pairs); left > 0; {
		switch {
		case equal(i-1, j-1):
			i, j, left = i-1, j-1, left-1
			pairs[left] = [2]int{i, j}
		case length[i][j-1] == length[i][j]:
			j--
		default:
			i--
		}
	}
	return pairs
}

// comparer says which items of two lists are equal. It compares each item only once with others
// that may be equal.
func comparer(a, b []any) func(i, j int) bool {
	var kinds []any
	kindOf := func(list []any) []int {
		kind := make([]int, len(list))
		texts := map[string]int{}
		for i, item := range list {
			kind[i] = find(&kinds, texts, item)
		}
		return kind
	}
	of, with := kindOf(a), kindOf(b)
	return func(i, j int) bool { return of[i] == with[j] }
}

// find returns the place of a value among those found before.
func find(kinds *[]any, texts map[string]int, value any) int {
	text, isText := value.(string)
	if at, known := texts[text]; isText && known {
		return at
	}
	at := len(*kinds)
	for i, kind := range *kinds {
		if reflect.DeepEqual(kind, value) {
			at = i
			break
		}
	}
	if at == len(*kinds) {
		*kinds = append(*kinds, value)
	}
	if isText {
		texts[text] = at
	}
	return at
}
