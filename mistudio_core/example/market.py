"""Stories with numbers: buying, sharing and counting; every sum in them is right."""

from __future__ import annotations

from mistudio_core.example.plot import Plot, Theme, listed

_STALL = Plot(
    openings=(
        "Every {weekday} there was a market in {town}, with {sum} stalls, and at the smallest of them stood {hero} "
        "and sold {ware_many}.",
        "{A_hero} had never sold anything in {his} life, and on {weekday} {he} had to look after a whole stall of "
        "{ware_many}.",
        '{Hero} went to market with a basket of {n} {ware_many}, and {elder} told {him}, "Don\'t come home with any."',
    ),
    tries=(
        '"{Ware_many}!" {he} {cried}. "Fresh {ware_many}! {N} for the price of {k}!" An old lady asked whether it '
        "was not meant to be the other way round.",
        "{He} stacked them into a tower, {few} at the bottom and one at the top. The tower was admired by a {animal}.",
        "{He} tried to trade: a {ware} for a {ware2}, the {ware2} for a {ware3}, and the {ware3} for a {ware}, which "
        "looked familiar.",
        "{Friend} carried baskets for {few} people and got one {coin} for each, and an apple from the last.",
        "{He} wrote it all down on a slate: {n} take away {k} is {rest}. The slate did not care, but {he} felt better.",
    ),
    turns=(
        (
            "Across the way {he} saw a {gift}, exactly right for {elder}. It cost {sum} {coin_many}. {Hero} counted. "
            "{He} had {n}, and so {k} were missing.",
            '"You have forgotten to count something," said {friend} and turned {fhis} pockets out. "I have {k}. {N} '
            'and {k} make {sum}."',
        ),
        (
            "By noon {he} had sold {k} and still had {rest}. Nobody stopped; everyone was looking at the {show} "
            "across the way.",
            "Then {hero} gave one away, to a child who had been looking for a long time. The child bit into it and "
            "laughed out loud, and everybody turned round.",
        ),
        (
            "Then a {merchant} came by and bought {k} {ware_many}. \"I'll pay you when I'm rich,\" the {merchant} "
            "{said}, and went round the corner.",
            'The {merchant} came back, quite out of breath. "I am not rich," the {merchant} said, "but I am honest. '
            'Here are {times} {coin_many}, {n} for each of the {k}."',
        ),
    ),
    endings=(
        "When the bell rang for closing time there was not a single one left, and {elder} had to eat {ehis} supper "
        "without {ware_many}.",
        "{Hero} carried a {gift} home under {his} {clothes}, and {elder} unwrapped it {few} times, because it was so "
        "{nice}.",
        "They put the money on the table and shared it: half for {hero}, half for {friend}, and the odd {coin} for "
        "the {animal}.",
    ),
)

_SHARE = Plot(
    openings=(
        "{Hero} and {friend} shared everything: an umbrella, a bench at school, and once a cold.",
        '"Any fool can share {few} cakes," {hero} used to say, "but it takes a wise head to share one."',
        "{A_hero} was always fair, even to the {animal}, and that was not always easy.",
    ),
    tries=(
        "They drew straws, but {friend}'s straw broke, and then there were two short halves.",
        "They asked the {merchant}, who offered to keep everything safe for ever.",
        "They weighed it on the scales of the {shop}, against {few} potatoes and the shopkeeper's thumb.",
        "{Hero} made a list of all who had been kind that week. It took {n} minutes to write and was longer than "
        "{he} had thought.",
        "They tossed a {coin}. It rolled away, down the steps and into the drain, and that was one less.",
    ),
    turns=(
        (
            'One day {elder} put a jar with {times} {sweet_many} on the table. "They are for {k} children," {ehe} '
            'said, "and each must get the same." {Hero} dealt them out, one for you and one for you, but every time '
            "{he} came to {rest}, somebody sneezed and {he} had to begin again.",
            '"Put them in rows," said {elder}. "{K} rows. Do you see? There are {n} in each of them. {K} times {n} '
            'is {times}, however much anybody sneezes."',
        ),
        (
            'On the bridge {hero} and {friend} found a purse with {n} {coin_many} in it, and a button. "I saw it '
            'first," said {friend}. "But I picked it up," said {hero}. They sat down with their backs to one another.',
            "Just then somebody came across the bridge, looking down at the ground to the left and to the right, and "
            "{hero} knew at once whose purse it was.",
        ),
        (
            'At the school there were {n} children and one {prize}. Whoever was asked said, "It would only be fair '
            'if it were mine."',
            '"We could take turns," said the smallest of them all, whom nobody had asked. "A day each. Then it comes '
            'round every {n} days."',
        ),
    ),
    endings=(
        "So it was done, and then it looked so simple that nobody could say why it had taken all day.",
        "As a reward they got {k} {sweet_many} each, which made {double} together, and not one was left by supper "
        "time.",
        "It took a moment until everybody understood it. Then they all clapped, and the bell rang for dinner.",
    ),
)

MARKET = Theme(
    name="market",
    words={
        "ware": listed("""
            kettle, goose egg, candlestick, cabbage, basket, broom, doormat, teapot, rooster, lampshade, jug, saddle,
            pillow, umbrella, clay pipe, hammer, horseshoe, footstool
        """),
        "ware_many": listed("""
            apples, eggs, cheeses, pears, ribbons, candles, brooms, buns, plums, clay jugs, roses, whistles, cherries,
            pumpkins, spoons, postcards, oranges, mittens, herrings, sausages, lemons, clogs
        """),
        "coin": listed("penny, shilling, farthing, copper, florin, thaler, crown"),
        "coin_many": listed("pennies, shillings, farthings, coppers, florins, thalers, crowns, silver coins, tokens"),
        "show": listed("""
            juggler, dancing goat, puppet theatre, sword swallower, tightrope walker, fortune teller, organ grinder,
            magician, fire eater, strongman, waxworks, talking parrot
        """),
        "merchant": listed("""
            pedlar, spice merchant, horse dealer, carpet seller, miller's son, chimney sweep, tinker, banker, sailor,
            travelling actor, goldsmith, wigmaker, cattle drover
        """),
        "sweet_many": listed("""
            toffees, humbugs, liquorice sticks, sugar mice, caramels, jelly babies, peppermints, lollipops, bonbons,
            chocolate coins, aniseed balls, barley sugars, marshmallows
        """),
        "prize": listed(
            "drum, rocking horse, football, telescope, scooter, rowing boat, globe, bicycle, swing, canary"
        ),
        "shop": listed(
            "grocer, butcher, baker, pharmacy, post office, greengrocer, fishmonger, ironmonger, haberdasher"
        ),
    },
    plots=(_STALL, _SHARE),
    tiny=(
        '{Hero} had {n} {ware_many}. {He} sold {k} to {elder} and gave the other {rest} to {friend}. "And what have '
        'you got now?" asked {elder}. "A good day," said {hero}.',
        "A {ware} costs {n} {coin_many} and a {ware2} costs {k}. {Hero} bought both and paid with {sum} {coin_many}. "
        "{Friend} only looked, and that was free.",
        "There were {k} boxes on {hero}'s cart with {n} {ware_many} in each, so there were {times} in all. "
        '"{Fewer}," said {friend} with {fhis} mouth full.',
        "{Elder} was {age_old} years old on {weekday}. {Hero} put that many candles on the cake, and then there was "
        "no room left for {elder} to see who was behind it.",
        "At the market in {town} the {show} got more applause than anybody. Afterwards {hero} brought {treat} round "
        "to the back door, for nobody had thought of that.",
        "Between {town} and the mill there are {n} lamp posts. {Hero} greeted {k} of them on the way there and the "
        "other {rest} on the way back, so that none felt left out.",
    ),
)
