"""Stories of school, quarrels and making up."""

from __future__ import annotations

from mistudio_core.example.plot import Plot, Theme, listed

_NEW = Plot(
    openings=(
        "In the middle of {month} a new pupil came to the school in {town}, and the only free seat was next to {hero}.",
        "{A_hero} sat in the last row, by the window, where one learns the most about clouds.",
        "On the first day of school {hero} had a new {school_thing}, {few} sharp pencils and a stomach ache.",
    ),
    tries=(
        "{Hero} drew a {animal} on a scrap of paper and pushed it across. It came back with a moustache.",
        "In the break {he} stood by the {school_place} and pretended to be looking for something.",
        '{He} offered half of {his} {treat}. "No, thank you," said the other, and looked at it for a long time.',
        "{Elder} gave them {subject} to do, {n} exercises, and {hero} got as far as {k}.",
        "It was said that {friend} could {trick}. Nobody had seen it, and so everybody was sure.",
    ),
    turns=(
        (
            "The new pupil was called {friend_name}, came from {far}, and did not say a single word.",
            'Then a {insect} landed on the {school_thing}. "It has {few} spots," whispered {friend_name}. Those were '
            "the first words, and {hero} never forgot them.",
        ),
        (
            "When the teams were chosen for {game}, one was chosen after another, until only {hero} and {friend} "
            "were left standing by the wall.",
            '"Then we two are a team," said {friend}. They lost by {n} to {k}, and they laughed so much that the '
            "others wanted to be in it too.",
        ),
        (
            "In the lesson on {subject} {hero} was called to the board. {He} knew the answer, but it had gone out of "
            "{his} head and shut the door.",
            "In the second row {friend} made a face like a {face}, and it was so {strange} that {hero} had to laugh. "
            "And there the answer was again. It only wanted to be asked nicely.",
        ),
    ),
    endings=(
        "By the end of the week one could not imagine the bench without the two of them.",
        "After school they went home by the longest way, and when they had got there they went back again.",
        "In the school photograph of that year all look straight ahead. Only {hero} and {friend} look at each other "
        "and have very round cheeks.",
    ),
)

_QUARREL = Plot(
    openings=(
        "{Hero} and {friend} had been friends for {few} years, {few} months and a day.",
        "All of {town} knew that where {hero} was, {friend} could not be far off.",
        "{Hero} had {few} friends, but only one with whom {he} could play {game} without keeping the score.",
    ),
    tries=(
        "The next day {hero} took the other side of the street. It was longer there, and there was no sun.",
        '{He} wrote a letter: "I am not angry." {He} read it through, and it sounded angry, so {he} tore it up.',
        "{He} played {game} alone. {He} won every time, and it was no fun at all.",
        "{He} told the whole story to the {animal}, and even in {his} own telling {he} was not quite in the right.",
        '{Elder} asked how {friend} was. "I wouldn\'t know," said {hero} and looked for something under the table.',
    ),
    turns=(
        (
            "Then {friend} borrowed the {school_thing} that had been a birthday present, and when it came back it "
            "was broken.",
            "On the doorstep lay a parcel. In it was the {school_thing}, glued together from {few} pieces, a bit "
            "crooked, with a drop of glue that had run down like a tear.",
        ),
        (
            'It began with {game}. "You cheated," said {hero}. "I did not," said {friend}. And suddenly there was a '
            "word in the air that neither could take back.",
            "One has to begin, {elder} had said, and it is always the other one. So {hero} went over and rang. The "
            'door opened at once, for {friend} stood behind it with {fhis} {hat} on. "I was just coming to you," '
            "{fhe} {said}.",
        ),
        (
            "{Hero} had told {friend} a secret, and on {weekday} the whole class knew it.",
            '"It was not me," {said} {friend}. "You talk in your sleep. You told all of us, at the sleepover, '
            'twice." {Hero} turned red up to the ears, and then both had to laugh.',
        ),
    ),
    endings=(
        "They shook hands on it, and since that was so solemn, they shook feet as well.",
        "That afternoon they ate {treat} on the {school_place}, and whoever wanted could have some.",
        '"Sorry" is a short word, {hero} thought. It is odd that it should be so heavy before and so light after.',
    ),
)

FRIENDS = Theme(
    name="friends",
    words={
        "school_thing": listed("""
            satchel, fountain pen, pencil case, ruler, paintbox, exercise book, globe, atlas, compass, slate,
            dictionary, tin of crayons, model aeroplane, yo-yo, bag of marbles, skipping rope, chess set, toy theatre
        """),
        "school_place": listed("""
            climbing frame, chestnut tree, bicycle rack, drinking fountain, coat hooks, low wall, see-saw, cloakroom
            steps, notice board, swings, sandpit, school gate
        """),
        "subject": listed("""
            arithmetic, geography, spelling, history, handwriting, science, grammar, drawing, astronomy, botany,
            poetry, long division, fractions, needlework
        """),
        "trick": listed("""
            walk on stilts, speak seven languages, swallow a sword, whistle through the nose, ride without hands, talk
            with pigeons, do a triple somersault, write with both hands, hold a breath for three minutes, juggle, read
            upside down, yodel, bend spoons
        """),
        "game": listed("""
            football, hide-and-seek, marbles, chess, leapfrog, hopscotch, skittles, draughts, cricket, tag, dominoes,
            table tennis, pirates, conkers, rounders, snakes and ladders
        """),
        "face": listed("frog, walrus, goldfish, camel, sheep, pumpkin, gargoyle, baby bird, pike, hamster, bloodhound"),
        "far": listed("the mountains, an island, the capital, across the sea, the far north, a circus, a desert town"),
        "insect": listed("ladybird, bumblebee, beetle, butterfly, grasshopper, lacewing, moth"),
    },
    plots=(_NEW, _QUARREL),
    tiny=(
        "{Hero} had a secret, and told it to {friend}. Now {friend} had one too. They carried it home together, for "
        "it was quite heavy for one.",
        '"What do you want to be when you grow up?" asked {elder}. "Taller," said {hero}. "And you?" "Friends with '
        '{hero}," said {friend}.',
        'In {subject} {hero} wrote down {n}, and {friend} wrote down {n} too. "Who copied from whom?" asked {elder}. '
        '"We both copied from the truth," said {hero}.',
        "{Hero} and {friend} had quarrelled about {game}, and each sat at one end of the {school_place}. Then it "
        "began to rain, and only in the middle was there a roof.",
        "{Hero} cannot {trick}, and {friend} cannot either. They practise it every {weekday} all the same, with "
        "great success at falling over.",
        "At the school fair {hero} won a {school_thing} and {friend} won nothing. On the way home {hero} carried it "
        "as far as the {school_place}, and from there {friend} carried it.",
    ),
)
