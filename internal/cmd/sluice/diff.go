package main

// around is how many unchanged lines a diff shows around a change.
const around = 2

// diff returns the lines of two short texts side by side, as diff -u does: those that go begin with
// a minus, those that come with a plus. Unchanged lines far from a change are left out.
func diff(before, after []string) []string {
	marked := align(before, after)
	var shown []string
	left := false
	for i, line := range marked {
		if !isNearChange(marked, i) {
			left = true
			continue
		}
		if left {
			shown, left = append(shown, "  …"), false
		}
		shown = append(shown, line)
	}
	if left {
		shown = append(shown, "  …")
	}
	return shown
}

func isNearChange(marked []string, i int) bool {
	for _, line := range marked[max(0, i-around):min(len(marked), i+around+1)] {
		if line[0] != ' ' {
			return true
		}
	}
	return false
}

// maxLinePairs bounds the pairs of lines that are compared.
const maxLinePairs = 4_000_000

// align marks the lines of both texts. What both begin and end with is the same; between, it takes
// the longest common subsequence.
func align(before, after []string) []string {
	begin, end := 0, 0
	shorter := min(len(before), len(after))
	for begin < shorter && before[begin] == after[begin] {
		begin++
	}
	for end < shorter-begin && before[len(before)-1-end] == after[len(after)-1-end] {
		end++
	}
	marked := mark("  ", before[:begin])
	from, to := before[begin:len(before)-end], after[begin:len(after)-end]
	if len(from)*len(to) > maxLinePairs {
		marked = append(append(marked, mark("- ", from)...), mark("+ ", to)...)
	} else {
		marked = append(marked, alignParts(from, to)...)
	}
	return append(marked, mark("  ", before[len(before)-end:])...)
}

func mark(with string, lines []string) []string {
	var all []string
	for _, line := range lines {
		all = append(all, with+line)
	}
	return all
}

func alignParts(before, after []string) []string {
	common := commonLengths(before, after)
	var marked []string
	i, j := 0, 0
	for i < len(before) && j < len(after) {
		switch {
		case before[i] == after[j]:
			marked = append(marked, "  "+before[i])
			i, j = i+1, j+1
		case common[i+1][j] >= common[i][j+1]:
			marked = append(marked, "- "+before[i])
			i++
		default:
			marked = append(marked, "+ "+after[j])
			j++
		}
	}
	return append(append(marked, mark("- ", before[i:])...), mark("+ ", after[j:])...)
}

// commonLengths returns at [i][j] the length of the longest common subsequence of before[i:] and
// after[j:].
func commonLengths(before, after []string) [][]int {
	common := make([][]int, len(before)+1)
	for i := range common {
		common[i] = make([]int, len(after)+1)
	}
	for i := len(before) - 1; i >= 0; i-- {
		for j := len(after) - 1; j >= 0; j-- {
			common[i][j] = max(common[i+1][j], common[i][j+1])
			if before[i] == after[j] {
				common[i][j] = common[i+1][j+1] + 1
			}
		}
	}
	return common
}
