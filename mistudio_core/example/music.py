"""Stories of songs, instruments and one great concert."""

from __future__ import annotations

from mistudio_core.example.plot import Plot, Theme, listed

_CONCERT = Plot(
    openings=(
        "{Hero} played the {instrument}. To be exact, {he} practised it, every day from four to five, and at four "
        "all the cats left {town}.",
        "In {town} there was a band with {n} players, and {a_hero} who turned the pages.",
        "{A_hero} found a {old} {instrument} in the attic, wrapped in a newspaper from long ago.",
    ),
    tries=(
        "{He} practised in the cellar, in the wardrobe, and finally in the middle of a field, where a {animal} "
        "walked away in silence.",
        '"{Rhyme}," sang {friend}, to encourage {him}. It did not help, but it was well meant.',
        "{He} learned the whole piece by heart, and then {he} learned it backwards, to be on the safe side.",
        "{Elder} beat time on a saucepan: one and two and three and oh dear.",
        "{He} took the {instrument} to pieces, cleaned it with {few} feathers and found a {gift} inside.",
    ),
    turns=(
        (
            "The concert was on {weekday}. On the evening before, the {player} slipped on a {slip}, and now it was "
            "{hero} who had to take the {instrument} and fill the gap.",
            "There was a silence, the longest that {town} had ever heard. Then a baby laughed in the third row, and "
            "{hero} laughed too, and lifted the {instrument}.",
        ),
        (
            "The concert was on {weekday}. But whenever more than {few} people listened, {hero}'s fingers turned "
            "into {finger_many}.",
            '"Don\'t play for them," said {elder}. "Play for one. Choose somebody, and tell it to that one." {Hero} '
            "{looked} along the rows until {he} found {friend}.",
        ),
        (
            "However {he} held it, the {instrument} gave one single note, and that one sounded like a {animal} with "
            "a cold.",
            'That was when {friend} noticed it. "It isn\'t wrong," {fhe} {said}. "It is the second voice! You only '
            'need somebody to play the first." And {fhe} fetched {fhis} {instrument2}.',
        ),
    ),
    endings=(
        "When the last note had gone up through the roof, nobody clapped for a moment, because nobody wanted it to "
        "be over.",
        "They had to play it {few} times more, and on the way home the whole street "
        'hummed:\n\n"{Rhyme},\n{rhyme2}."\n\nNobody minded that there were only two lines.',
        "The cats came back on {weekday}. They sat on the wall from four to five, {n} of them, and kept time with "
        "their tails.",
    ),
)

_SONG = Plot(
    openings=(
        "{Elder} knew a song that had no end, and {hero} knew only the beginning of it.",
        "There was a tune that {hero} could not get out of {his} head. It had come in one {weekday} through the left "
        "ear.",
        "{A_hero} had a voice like a {voice}, and {he} used it all day long.",
    ),
    tries=(
        "{He} asked the {animal}, who was musical, and got a long answer in a foreign key.",
        "{He} gargled with {treat}, tied {few} scarves round {his} neck, and waited.",
        "{He} looked for it where {he} had last had it: on the swing, in the bath, and on the stairs to the "
        "{music_place}.",
        "{Friend} tried out all the words that might rhyme, from A to Z, and got stuck at orange.",
        "{He} wrote the notes on the fence with chalk, and {few} sparrows sat down between the lines and changed the "
        "tune.",
    ),
    turns=(
        (
            "One morning the voice was gone. {Hero} opened {his} mouth, and out came nothing at all, not even a "
            "squeak.",
            "{He} kept still for once. And since {he} was so still, {he} heard what {he} had never heard before: the "
            "rain on the {shop}, the wheels, the wind. It had all been there the whole time, in three parts.",
        ),
        (
            'The tune went like this:\n\n"{Rhyme},\n{rhyme2}."\n\nAnd after that {he} did not know how it went on.',
            "In the {music_place} somebody was singing. It was {friend}, who did not know that anybody listened, and "
            "{fhe} sang the second verse.",
        ),
        (
            "One morning the tune had gone. {He} hummed what was left of it to the {player}, but the {player} only "
            "frowned and played something else.",
            '"A song has no owner," {said} {elder}. "It lives with whoever sings it. Where it has gone now, somebody '
            'must have needed it."',
        ),
    ),
    endings=(
        "Then they all sang together, in the middle of the street, and the {shop} closed early so that everyone "
        "could join in.",
        "{Hero} has made up a song of {his} own since then. It is not the longest, but it is {nice}, and it rhymes.",
        "Now and then somebody whistles it in other towns too, with other words. {Hero} always greets it like an old "
        "friend.",
    ),
)

MUSIC = Theme(
    name="music",
    words={
        "instrument": listed("""
            trumpet, violin, flute, drum, cello, harp, tuba, clarinet, banjo, accordion, bassoon, guitar, mandolin,
            xylophone, piccolo, harmonica, viola, saxophone, lute, trombone, recorder
        """),
        "player": listed(
            "conductor, first violin, drummer, trumpeter, organist, flautist, choirmaster, pianist, bandmaster"
        ),
        "slip": listed("bar of soap, banana skin, wet leaf, marble, roller skate, plum, sheet of music, bit of butter"),
        "finger_many": listed(
            "sausages, carrots, icicles, breadsticks, clothes pegs, candles, parsnips, wooden spoons"
        ),
        "voice": listed("foghorn, silver bell, rusty gate, nightingale, teakettle, tin trumpet, church organ, lark"),
        "music_place": listed("attic, belfry, bandstand, dance hall, stable, laundry, theatre, tram shed, barn"),
        "rhyme": listed("""
            hey ho the wind and the snow, over the hill and under the moon, one for the kettle and two for the cat,
            dance little donkey till quarter to three, silver and copper and buttons and thread, down by the river the
            ducks are in bed, round goes the wheel and round goes the mill, somebody whistled and somebody will, up in
            the morning and off to the fair, ribbons and feathers and flowers to wear, who has been sleeping in
            grandmother's chair, home through the heather with hay in our hair
        """),
        "shop": listed("bakery, barber, post office, inn, butcher, shoe shop, town hall, laundry, school"),
    },
    plots=(_CONCERT, _SONG),
    tiny=(
        '{Hero} gave a concert for the {animal}. It ran away in the middle. "It has gone to fetch the others," '
        "{said} {hero}, and played on.",
        '"{Rhyme}," sang {elder}. "{Rhyme2}," sang {hero}. Then the bus came, and the driver knew the third line.',
        'The {player} of {town} owned a {instrument} without strings. "How do you tune it?" asked {hero}. "I let it '
        'rest," the {player} said, and it was so quiet that one could hear how good it was.',
        "When the band of {town} began to play, {n} trumpets, {k} drums and {hero} with the {instrument}, only "
        "{friend} could hear the {instrument}, because {fhe} knew who was playing it.",
        "A note had got lost. It sat on the fence and was cold. {Hero} took it into {his} {hat}, carried it home and "
        "played a whole song around it.",
    ),
)
