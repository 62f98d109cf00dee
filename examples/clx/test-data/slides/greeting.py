# %% [markdown] lang="en" tags=["slide"]
# # Greeting

# %% [markdown] lang="de" tags=["slide"]
# # Begrüßung

# %% tags=["keep"]
import datetime

# %% [markdown] lang="en" tags=["notes"]
# Ask first who knows f-strings.

# %%
def greet(name):
    return f"Hello, {name}!"

# %%
greet("you")

# %% tags=["del"]
print(datetime.date.today())
