"""Stories of stars, lamps and falling asleep."""

from __future__ import annotations

from mistudio_core.example.plot import Plot, Theme, listed

_SLEEP = Plot(
    openings=(
        "{Hero} could not sleep. {He} had counted {n} sheep and {k} {night_many}, and {he} was wider awake than "
        "before.",
        "Every night at half past eight {elder} said good night, and every night {hero} asked for one more glass of "
        "water.",
        "{A_hero} slept in a bed under the roof, so close to the sky that {he} could hear the stars tick.",
    ),
    tries=(
        "{He} pulled the blanket over {his} head, but then there were only {himself} and the dark, and the dark had "
        "more room.",
        '{He} lit a match, and for the time it takes to say "{lullaby}" everything was ordinary.',
        '{He} woke {friend}, who slept in the other bed. "Tomorrow," mumbled {friend} and turned over.',
        "{He} tiptoed down {few} stairs, every one of which creaked in a different voice.",
        "{He} thought of {nice} things: of {treat}, of summer, of a {animal} in a {hat}.",
    ),
    turns=(
        (
            "There was a noise under the bed. It sounded like a {noise}, only smaller.",
            '"Who is there?" {he} asked at last. "Only me," said a small voice. It was a {night_animal} in a '
            'nightcap. "I can\'t sleep either. You keep turning over."',
        ),
        (
            "The shadow of the {shadow} on the wall had moved. It had definitely been on the left before.",
            'The door opened, and {elder} stood there with a lamp. "The dark is only the day with its eyes closed," '
            "{ehe} said {softly}, and sat down at the end of the bed.",
        ),
        (
            "Outside the moon was missing. There was a round hole in the clouds where it belonged, and nothing in it.",
            "{Hero} went to the window and opened it wide. The night came in quite {softly}, smelled of {smell}, and "
            "did nothing bad at all.",
        ),
    ),
    endings=(
        "{He} began to tell {himself} a story. Nobody ever heard the end of it, for {he} was already asleep.",
        "The moon came out from behind the chimney, where it had been the whole time, and shone on a bed in which "
        "somebody was snoring.",
        "Since then {hero} has left the window open a crack, in case the dark feels lonely.",
    ),
)

_STARS = Plot(
    openings=(
        "{Elder} was the keeper of the lamps in {town}, and {hero} was allowed to carry the ladder.",
        "On the hill above {town} stood an observatory with a telescope as long as a {long_thing}, and there {hero} "
        "spent every clear night.",
        "{A_hero} knew all the stars by name, and where the books had no name {he} had given them one.",
    ),
    tries=(
        "{He} polished the lens with {his} {clothes}. {He} looked through the wrong end too, to be fair to it.",
        "{He} went out with a {night_tool} and a jar and asked the {night_animal}, who is up at that hour.",
        '{Friend} suggested putting up a notice: "Lost, one star, {colour}, answers to the name of {star}."',
        "They waited by the {pond} until their feet were cold and their {treat} was finished.",
    ),
    turns=(
        (
            "One night {he} counted them, as {he} always did, and there was one too few. The {star} was gone.",
            '"It takes a star a thousand years to blink," {said} {elder}. "You have only caught it with its eye shut."',
        ),
        (
            "Then a star fell. It did not go out on the way, as they usually do. It fell into the {pond}, and it "
            "hissed.",
            'At midnight something glimmered in the reeds. It was no bigger than a thimble, and it was shivering. "I '
            "leaned out too far,\" it said. They lifted it into {elder}'s {hat}, climbed the tower, and threw as "
            "high as they could. It stuck.",
        ),
        (
            "Then came {few} nights of fog. The lamps of {town} looked like buttons on a grey coat, and there was "
            "nothing left of the {star}, not even a glimmer.",
            "All along the street people set candles in their windows, until there were more lights below than "
            "above. Then the fog, which is curious, came down to look, and over it stood the stars.",
        ),
    ),
    endings=(
        "That night nobody in {town} went to bed before two, and even the {animal} had stars in its eyes.",
        "If you look above the roof of the {shop} in {month}, you can see the {star}: a bit crooked, a bit {colour}, "
        "and brighter than the rest.",
        '"Good night, {star}," says {hero} now before {he} goes to bed, and it blinks, though only once in a '
        "thousand years.",
    ),
)

NIGHT = Theme(
    name="night",
    words={
        "night_many": listed("goats, geese, camels, elephants, penguins, ponies, llamas, carriages, kangaroos, zebras"),
        "noise": listed("""
            sewing machine, snoring giant, rusty hinge, cough, small orchestra, mouse in slippers, leaky tap,
            drumroll, zip, whispered argument, ball of wool that rolls
        """),
        "shadow": listed("wardrobe, chair, curtain, rocking horse, coat hook, lamp, dolls' house, armchair, fern"),
        "lullaby": listed("goodness me, one two three, gingerbread, good evening, how do you do, rhubarb and custard"),
        "night_animal": listed("mouse, moth, bat, owl, dormouse, cat, badger, hedgehog, firefly, toad, nightingale"),
        "star": listed("""
            Silver Button, Little Lantern, Goose Feather, Sugar Crumb, Left Shoe, Dancing Bear, Lamplighter, Half
            Crown, Tin Soldier, Shepherdess, Hundred and One, Candle End
        """),
        "pond": listed("duck pond, millpond, well, river, fountain, horse trough, lake, rain barrel, reservoir"),
        "long_thing": listed("fishing boat, giraffe, haystack, dinner table, row of beds, bus, church pew, crane"),
        "night_tool": listed("butterfly net, lantern, torch, fishing rod, ladder, colander, soup spoon, bell"),
        "shop": listed("bakery, post office, shoe shop, pharmacy, library, railway station, barber, school"),
    },
    plots=(_SLEEP, _STARS),
    tiny=(
        '"Why is it dark at night?" asked {hero}. "So that the stars can practise," {said} {elder}. They practised '
        "for a long time that night, until the {star} got it right.",
        "{Hero} left the lamp burning for the moth, the window open for the cat, and the door unlocked for the "
        "dream. In the morning the moth and the cat were there, and there was sand on the doorstep.",
        'Up in the attic {hero} heard a {noise}. "A ghost!" {cried} {friend}. They crept up. It was {elder}, dancing '
        "with a broom.",
        '{Hero} counted {night_many}. At {n} one of them stopped at the fence. "And who counts you?" it asked. '
        "{Hero} was still thinking about it when {he} fell asleep.",
        "The {pond} had caught the moon. {Hero} took a {night_tool} and set it free. It did not even say thank you, "
        "but it followed {him} home.",
    ),
)
