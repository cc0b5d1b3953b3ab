package hookid_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sluice-aws/sluice/internal/shift/hookid"
)

func newID(t testing.TB, random []byte) hookid.ID {
	t.Helper()
	id, err := hookid.New(bytes.NewReader(random))
	require.NoError(t, err)
	return id
}

func TestAnIDHas32RandomBytes(t *testing.T) {
	t.Parallel()
	assert.Equal(t, hookid.ID("sluice-"+strings.Repeat("A", 43)), newID(t, make([]byte, 32)))
	first, err := hookid.New(nil)
	require.NoError(t, err)
	second, err := hookid.New(nil)
	require.NoError(t, err)
	assert.NotEqual(t, first, second)
	_, err = hookid.New(bytes.NewReader(make([]byte, 31)))
	require.Error(t, err)
	broken := errors.New("no entropy")
	_, err = hookid.New(iotest.ErrReader(broken))
	require.ErrorIs(t, err, broken)
}

func TestOnlyTheIDOpensWhatItHasSealed(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		random := rapid.SliceOfN(rapid.Byte(), 32, 32)
		mine, err := hookid.New(bytes.NewReader(random.Draw(t, "mine")))
		require.NoError(t, err)
		other, err := hookid.New(bytes.NewReader(random.Draw(t, "other")))
		require.NoError(t, err)
		token := rapid.String().Draw(t, "token")
		sealed, err := mine.Seal(token)
		require.NoError(t, err)
		opened, err := mine.Open(sealed)
		require.NoError(t, err)
		assert.Equal(t, token, opened)
		if other != mine {
			_, err = other.Open(sealed)
			require.ErrorIs(t, err, hookid.ErrNotSealed)
			assert.NotEqual(t, mine.Lookup(), other.Lookup())
		}
		sealed[rapid.IntRange(0, len(sealed)-1).Draw(t, "position")] ^= 1
		_, err = mine.Open(sealed)
		require.ErrorIs(t, err, hookid.ErrNotSealed)
	})
}

func TestWhatIsKeptTellsNeitherTheIDNorTheToken(t *testing.T) {
	t.Parallel()
	id, token := newID(t, []byte(strings.Repeat("s", 32))), strings.Repeat("AQCEAAAAKgAAAAMAAAAA", 10)
	sealed, err := id.Seal(token)
	require.NoError(t, err)
	assert.NotContains(t, string(sealed), token[:16])
	assert.Len(t, id.Lookup(), 64)
	assert.NotContains(t, id.Lookup(), string(id))
}

func TestTheFormOfAnIDIsChecked(t *testing.T) {
	t.Parallel()
	good := string(newID(t, []byte(strings.Repeat("\xfb", 32))))
	parsed, ok := hookid.Parse(good)
	assert.True(t, ok)
	assert.Equal(t, hookid.ID(good), parsed)
	for _, bad := range []string{
		"", "sluice-", good[:len(good)-1], good + "A", "Sluice-" + good[7:], strings.Replace(good, "-", "+", 2),
		good[:len(good)-1] + "=", good[:len(good)-1] + "\n", good[:20] + "\n" + good[21:], good[:len(good)-1] + "_", // the last has bits that no id has
		"eyJlbmNyeXB0ZWREYXRhIjoi", // such as CodeDeploy's
	} {
		_, ok := hookid.Parse(bad)
		assert.False(t, ok, "%q", bad)
	}
}
